/** The package ships no types. Lists by ISO 639-3, lower case, as their language writes. */
declare module 'stopword' {
  type List = readonly string[]
  export const eng: List, fra: List, spa: List, deu: List, ita: List, por: List, porBr: List, nld: List, cat: List
  export const pol: List, ces: List, slk: List, hun: List, ron: List, hrv: List, swe: List, dan: List, nob: List, fin: List, tur: List, ind: List, vie: List
  export const rus: List, ukr: List, bul: List, ell: List, ara: List, fas: List, urd: List, heb: List, hin: List, tha: List, jpn: List, zho: List, kor: List
}
