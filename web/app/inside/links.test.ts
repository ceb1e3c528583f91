import { describe, expect, it } from 'vitest'
import { insideLink } from './links'

const HERE = 'https://warren.example'
const CHAT = '0196b3a0-7d1e-7c44-9f3b-2f6f0a7c1d55'
const GROUP = '0196b3a0-aaaa-7c44-9f3b-2f6f0a7c1d55'
const CODE = 'Zm9vYmFyLWJhel9xdXV4MTIz'
const found = (body: string) => insideLink(body, HERE)
const message = { kind: 'message', conversationId: CHAT, seq: 12 }
const invite = { kind: 'invite', code: CODE }

describe('a link that leads inside', () => {
  it('is one to an invitation or to a message', () => {
    expect(found(`Come: ${HERE}/invite/${CODE}.`)).toEqual(invite)
    expect(found(`${HERE}/chats/${CHAT}?at=12`)).toEqual(message)
    expect(found(`${HERE}/groups/${GROUP}/${CHAT}?at=12`)).toEqual(message)
    expect(found(`${HERE}/chats/${CHAT}?details=pins&at=12`)).toEqual(message)
  })

  it.each([
    `${HERE}/chats/${CHAT}`,
    `${HERE}/chats/${CHAT}?at=0`,
    `${HERE}/chats/search?at=12`,
    `${HERE}/groups/${GROUP}/manage?at=12`,
    `${HERE}/invite/${CODE}x`,
    `${HERE}/settings`,
    `${HERE}.evil.example/invite/${CODE}`,
    `https://evil.example/invite/${CODE}`,
    `https://evil.example/?${HERE}/invite/${CODE}`,
    `http://warren.example/invite/${CODE}`,
    'nothing at all',
  ])('is not %s', (body) => {
    expect(found(body)).toBeNull()
  })

  it('is the first of several, wherever it stands', () => {
    expect(found(`${HERE}/ ${HERE}/chats/${CHAT}?at=12 ${HERE}/invite/${CODE}`)).toEqual(message)
    expect(found(`- **[come](${HERE}/invite/${CODE})**`)).toEqual(invite)
    expect(found(`> ${HERE}/invite/${CODE}`)).toEqual(invite)
  })

  it('is neither code nor hidden', () => {
    expect(found(`\`${HERE}/invite/${CODE}\``)).toBeNull()
    expect(found(`||${HERE}/invite/${CODE}||`)).toBeNull()
  })
})
