import { describe, expect, it } from 'vitest'
import { companionAddress } from './address.ts'

const page = { origin: 'http://localhost:8080', protocol: 'http:', hostname: 'localhost' }
const newsroom = { origin: 'https://leaks.example.org', protocol: 'https:', hostname: 'leaks.example.org' }

describe('the address of the companion', () => {
  it.each([
    { case: 'the host of the page on port 4780 in LOCAL mode', setting: undefined, mode: 'LOCAL', at: page, address: 'http://localhost:4780' },
    { case: 'the same in EMBEDDED mode', setting: undefined, mode: 'EMBEDDED', at: page, address: 'http://localhost:4780' },
    { case: 'a path of the page in SERVER mode', setting: undefined, mode: 'SERVER', at: newsroom, address: 'https://leaks.example.org/similarity' },
    { case: 'the address that is set', setting: 'https://similar.example.org/api-of-it/', mode: 'SERVER', at: newsroom, address: 'https://similar.example.org/api-of-it' },
    { case: 'the path that is set', setting: '/similar', mode: 'LOCAL', at: page, address: 'http://localhost:8080/similar' },
    { case: 'the default where nothing is set', setting: ' ', mode: 'SERVER', at: newsroom, address: 'https://leaks.example.org/similarity' },
    { case: 'the default where what is set is no address', setting: 'http://', mode: 'LOCAL', at: page, address: 'http://localhost:4780' },
    { case: 'the default where what is set runs a script', setting: 'javascript:alert(1)', mode: 'LOCAL', at: page, address: 'http://localhost:4780' },
  ])('is $case', ({ setting, mode, at, address }) => {
    expect(companionAddress(setting, mode, at)).toBe(address)
  })
})
