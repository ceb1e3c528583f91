import { describe, expect, it } from 'vitest'
import { excerptPieces } from './excerpt'

describe('an excerpt', () => {
  it('is what was written, with the words that were found', () => {
    expect(excerptPieces('meet at &lt;nine&gt; in the <mark>garden</mark>')).toEqual([
      { text: 'meet at <nine> in the ', marked: false },
      { text: 'garden', marked: true },
    ])
  })

  it('shows escaped entities as they were typed', () => {
    expect(excerptPieces('a &amp;lt; b &amp; c')).toEqual([{ text: 'a &lt; b & c', marked: false }])
    expect(excerptPieces('<mark>&quot;x&quot;</mark> &#39;y&#x27;')).toEqual([
      { text: '"x"', marked: true },
      { text: " 'y'", marked: false },
    ])
  })

  it('takes tags of a stranger for text', () => {
    expect(excerptPieces('&lt;mark&gt;no&lt;/mark&gt;')).toEqual([
      { text: '<mark>no</mark>', marked: false },
    ])
  })

  it.each([
    ['the end: ||he <mark>dies</mark>||, sadly', 'the end: █████, sadly'],
    ['so ||one|| and ||two||.', 'so █████ and █████.'],
    // Cut off before, behind, and on both sides.
    ['<mark>dies</mark> of love|| at last', '█████ at last'],
    ['he <mark>dies</mark>||, and ||she|| lives', '█████, and █████ lives'],
    ['at last ||he <mark>dies</mark>', 'at last █████'],
    ['dies|| at last ||she', '█████ at last █████'],
    // No spoiler.
    ['a || <mark>b</mark> || c', 'a || b || c'],
  ])('tells no spoiler: %s', (html, shown) => {
    expect(
      excerptPieces(html)
        .map(({ text }) => text)
        .join(''),
    ).toBe(shown)
  })

  it('can be empty', () => {
    expect(excerptPieces('')).toEqual([])
  })
})
