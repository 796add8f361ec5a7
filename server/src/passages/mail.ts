/**
 * The names of e-mail headers as mail programs write them into a reply, in the languages of Datashare's users.
 * One language a line, mostly: from, to, copies, sent or date, subject, and what else stands there.
 */
const HEADER_NAMES = new Set([
  'from', 'to', 'cc', 'bcc', 'sent', 'date', 'subject', 're', 'reply-to', 'importance', 'attachments',
  'message-id', 'received', 'return-path', 'delivered-to', 'mime-version', 'content-type', 'x-from', 'x-to',
  'de', 'à', 'a', 'cci', 'envoyé', 'objet', 'répondre à', 'pièces jointes',
  'para', 'cco', 'enviado', 'enviado el', 'fecha', 'asunto', 'datos adjuntos',
  'von', 'an', 'kopie', 'gesendet', 'datum', 'betreff', 'anlagen',
  'enviada', 'enviado em', 'enviada em', 'data', 'assunto', 'anexos',
  'da', 'inviato', 'oggetto', 'allegati',
  'van', 'aan', 'verzonden', 'onderwerp', 'bijlagen',
  'od', 'do', 'dw', 'wysłano', 'temat',
  'komu', 'odesláno', 'předmět',
  'feladó', 'címzett', 'küldve', 'elküldve', 'dátum', 'tárgy',
  'de la', 'către', 'trimis', 'subiect',
  'från', 'till', 'kopia', 'skickat', 'ämne',
  'fra', 'til', 'sendt', 'dato', 'emne',
  'lähettäjä', 'vastaanottaja', 'lähetetty', 'aihe', 'päivämäärä',
  'от', 'от кого', 'кому', 'копия', 'отправлено', 'дата', 'тема',
  'від', 'копія', 'надіслано',
  'до', 'изпратено', 'относно',
  'από', 'προς', 'στάλθηκε', 'ημερομηνία', 'θέμα',
  'kimden', 'gönderen', 'kime', 'gönderilme', 'tarih', 'konu',
  'من', 'إلى', 'نسخة', 'تاريخ الإرسال', 'تم الإرسال', 'التاريخ', 'الموضوع',
  'از', 'به', 'تاریخ', 'موضوع',
  'מאת', 'אל', 'עותק', 'נשלח', 'תאריך', 'נושא',
  '发件人', '收件人', '抄送', '发送时间', '日期', '主题',
  '寄件者', '收件者', '副本', '寄件日期', '主旨',
  '差出人', '送信者', '宛先', '送信日時', '日付', '件名',
  '보낸 사람', '받는 사람', '참조', '보낸 날짜', '날짜', '제목',
])

/** A name, perhaps with stars around it (bold, in plain text), and its colon. */
const LABEL = /^\*?(\p{L}[\p{L}\p{M}\d .-]{0,30}?)\*?\s?[:：]/u

/** "wrote", as mail programs write it above what they quote. */
const WROTE = /wrote|a écrit|schrieb|escribi|escreveu|ha scritto|schreef|geschreven|napisał|napsal|írta|a scris|skrev|kirjoitti|писа[лв]|пишет|пише|έγραψε|yazdı|كتب|نوشت|כתב|写道|寫道|書きました|のメール|작성/iu
const LONGEST_ATTRIBUTION = 240

/** "Label: value", of a form as well as of an e-mail. */
export const isLabelled = (text: string): boolean => LABEL.test(text)

/** The e-mail header that a line holds, in lower case; undefined for any other line. */
export function headerName(text: string): string | undefined {
  const name = LABEL.exec(text)?.[1]?.toLowerCase()
  return name !== undefined && HEADER_NAMES.has(name) ? name : undefined
}

/** "On 3 May 2011, Ann wrote:", in the languages above. A date or an address tells it from a novel's. */
export const isAttribution = (text: string): boolean =>
  text.length <= LONGEST_ATTRIBUTION && /[:：]\*?$/.test(text) && /[\d@]/.test(text) && WROTE.test(text)
