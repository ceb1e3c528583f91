import { describe, expect, it } from 'vitest'
import { usePages } from './usePages'

/** A list at a server, told in pages of two. */
function serve(rows: number[]) {
  const asked: (string | undefined)[] = []
  const pages = usePages<number>(async (cursor) => {
    asked.push(cursor)
    const from = Number(cursor ?? 0)
    const next = from + 2 < rows.length ? String(from + 2) : null
    return { items: rows.slice(from, from + 2), next_cursor: next }
  })
  return { asked, ...pages }
}

describe('a list by pages', () => {
  it('is as long after it is asked for again as it was, and goes on from there', async () => {
    const rows = [6, 5, 4, 3, 2, 1]
    const { items, refresh, reload, more, hasMore } = serve(rows)
    await reload()
    await more()
    expect(items.value).toEqual([6, 5, 4, 3])
    rows.unshift(7)
    rows.splice(rows.indexOf(5), 1)
    await refresh()
    expect(items.value).toEqual([7, 6, 4, 3])
    await more()
    expect([items.value, hasMore.value]).toEqual([[7, 6, 4, 3, 2, 1], false])
  })

  it('begins anew with its first page', async () => {
    const { items, asked, reload, more } = serve([4, 3, 2, 1])
    await reload()
    await more()
    await reload()
    expect(items.value).toEqual([4, 3])
    expect(asked).toEqual([undefined, '2', undefined])
  })
})
