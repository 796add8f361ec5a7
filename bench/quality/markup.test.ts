import { describe, expect, it } from 'vitest'
import { headingsOf, htmlToText } from './markup.ts'

const titles = (path: string, text: string): string[] => headingsOf(path, text).map(heading => heading.text)
const without = (path: string, text: string): string => headingsOf(path, text).reduceRight((rest, { start, end }) => rest.slice(0, start) + rest.slice(end), text)

describe('headings of reStructuredText', () => {
  const text = [
    '=============', ' The harbour', '=============', '', 'Ships come in the morning.', '', 'Mooring a ship', '--------------', 'Use two ropes.',
    '', 'not a title', 'because of the line above', '-----', '', '===== =====', 'knots ropes', '===== =====', '', 'Short line', '---', 'x',
  ].join('\n')

  it('are lines that are underlined to their end', () => {
    expect(titles('a.rst', text)).toEqual(['The harbour', 'Mooring a ship'])
    expect(titles('a.txt', 'Übersicht für Lotsen\n====================\n')).toEqual(['Übersicht für Lotsen'])
  })

  it('are taken out with their lines above and below, and nothing else', () => {
    const rest = without('a.rst', text)
    expect(rest).not.toMatch(/The harbour|Mooring/)
    expect(rest.startsWith('\nShips come in the morning.\n\nUse two ropes.\n')).toBe(true)
  })
})

describe('headings of Markdown', () => {
  it('are lines with hashes outside of code, and the summary below the first', () => {
    const text = '# Harbour\n\n> Everything about ships that come and go.\n\nText.\n\n> A quote.\n\n## Mooring a ship { #mooring }\n\n```sh\n# no title\n```\n\n### Ropes ###\n'
    expect(titles('a.md', text)).toEqual(['Harbour', 'Everything about ships that come and go.', 'Mooring a ship', 'Ropes'])
    expect(without('a.md', text)).toBe('\n\nText.\n\n> A quote.\n\n\n```sh\n# no title\n```\n\n')
  })

  it('have no summary where something stands between', () => {
    expect(titles('a.md', '# Harbour\n\nText.\n\n> A quote.\n')).toEqual(['Harbour'])
  })
})

describe('the text of an HTML page', () => {
  const page = `<html><body><ul class="docnav top"><li>Next: Pilots</li></ul><div class="titlepage"><h2 class="title"><a id="x"></a>6.5. Ships &amp;
    <code>ropes</code></h2></div><div class="toc"><dl><dt><a>6.5.1. Mooring</a></dt></dl></div><p>Two ropes&#160;hold a ship.</p>
    <pre><span>moor</span> --ropes 2\n# not a title</pre><h3>Mooring<a class="headerlink" href="#m">¶</a></h3><ul><li>bow</li><li>stern</li></ul>
    <script>track()</script></div><ul class="docnav"><li>Previous: Cranes</li></ul></body></html>`
  const text = htmlToText(page)

  it('has its headings, and no navigation, contents, scripts or tags', () => {
    expect(titles('a.html', text)).toEqual(['6.5. Ships & ropes', 'Mooring'])
    expect(text).toContain('Two ropes\u00a0hold a ship.')
    expect(text).toContain('bow\nstern')
    expect(text).not.toMatch(/Pilots|Cranes|6\.5\.1|track|¶|<|&\w+;/)
  })

  it('keeps code apart from titles', () => {
    expect(text).toContain('    moor --ropes 2\n    # not a title')
  })

  it('reads what a page says of itself as its summary', () => {
    expect(titles('a.html', htmlToText('<h1>menu</h1><blockquote><p>Makes <em>menus</em> of an application.</p></blockquote><p>Text</p>'))).toEqual(['menu', 'Makes menus of an application.'])
  })
})
