import { describe, expect, it } from 'vitest'
import { spokenOr } from './fallback'
import type { LanguageCode } from './languages'

/** A server from which these files can be had. */
const having =
  (...there: LanguageCode[]) =>
  async (code: LanguageCode) => {
    if (!there.includes(code)) throw new Error('gone')
    return { of: code }
  }

describe('the texts of a page', () => {
  it('are those of its language', async () => {
    expect(await spokenOr('de', having('en', 'de'))).toEqual({ code: 'de', texts: { of: 'de' } })
  })

  it('are those of another where its own do not come', async () => {
    expect(await spokenOr('de', having('en'))).toEqual({ code: 'en', texts: { of: 'en' } })
    expect(await spokenOr('en', having('de'))).toEqual({ code: 'de', texts: { of: 'de' } })
  })

  it('do not keep it from starting', async () => {
    expect(await spokenOr('de', having())).toEqual({ code: 'de', texts: {} })
  })
})
