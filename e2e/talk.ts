// A chat that holds one of each, from both sides: sound, files, pictures, links that lead inside.
import type { Browser } from '@playwright/test'
import { randomUUID } from 'node:crypto'
import { ask } from './api'
import { baseURL } from './browser'
import type { Demo } from './demo'
import { paintSign } from './openings'
import { freshUsername, PASSWORD } from './person'

interface Account {
  user: { id: string }
  access_token: string
}
interface Sent {
  id: string
  seq: number
}
interface Content {
  body?: string
  files?: File[]
  reply_to?: string
}

/** Where the chat is, and one of its kind in which nobody has said anything. */
export interface Talk {
  direct: string
  silent: string
  /** The `seq` of what was spoken, by the other and by oneself. */
  spoken: { theirs: number; mine: number }
}

const RATE = 8000

/** Speech, as far as its shape goes: louder and softer, with pauses. */
function speech(seconds: number): File {
  const samples = new Int16Array(RATE * seconds)
  for (let at = 0; at < samples.length; at += 1) {
    const t = at / RATE
    const loud = Math.max(0, Math.sin(t * 5) * Math.sin(t * 1.3 + 1)) ** 2
    samples[at] = Math.round(30_000 * loud * Math.sin(t * 2 * Math.PI * 180))
  }
  const head = Buffer.alloc(44)
  head.write('RIFF')
  head.writeUInt32LE(36 + samples.byteLength, 4)
  head.write('WAVEfmt ', 8)
  head.writeUInt32LE(16, 16)
  head.writeUInt16LE(1, 20)
  head.writeUInt16LE(1, 22)
  head.writeUInt32LE(RATE, 24)
  head.writeUInt32LE(RATE * 2, 28)
  head.writeUInt16LE(2, 32)
  head.writeUInt16LE(16, 34)
  head.write('data', 36)
  head.writeUInt32LE(samples.byteLength, 40)
  return new File([head, samples], `voice-2026-11-28-10.00.00-${seconds}s.wav`)
}

const text = (name: string) => new File(['carrots, tea\n'.repeat(300)], name)

async function upload({ access_token: token }: Account, file: File): Promise<string> {
  const form = new FormData()
  form.append('file', file)
  const response = await fetch(`${baseURL}/v1/uploads`, {
    method: 'POST',
    headers: { Authorization: `Bearer ${token}` },
    body: form,
  })
  if (!response.ok) throw new Error(`${file.name}: ${response.status} ${await response.text()}`)
  return ((await response.json()) as { id: string }).id
}

async function newcomer(name: string): Promise<Account> {
  return await ask<Account>('POST', '/auth/register', null, {
    username: freshUsername(name),
    password: PASSWORD,
    display_name: name,
  })
}

export async function makeTalk(browser: Browser, demo: Demo): Promise<Talk> {
  const me = await ask<Account>('POST', '/auth/login', null, {
    username: demo.username,
    password: PASSWORD,
  })
  const noor = await newcomer('Noor Haddad')
  const chatWith = async ({ user }: Account) =>
    (await ask<{ id: string }>('POST', '/conversations', me.access_token, { user_id: user.id })).id
  const direct = await chatWith(noor)
  const path = `/conversations/${direct}/messages`

  const page = await browser.newPage()
  const sign = async (words: string, colours: string) =>
    new File(
      [new Uint8Array(await paintSign(page, words, `linear-gradient(135deg,${colours})`))],
      `${words}.png`,
    )
  const pictures = [
    await sign('North', '#1e3a5f,#6ba3d6'),
    await sign('East', '#7c3f1d,#c98b3c'),
    await sign('South', '#14532d,#5b8c5a'),
    await sign('West', '#581c47,#d68bb0'),
  ]
  await page.close()

  async function say(who: Account, { body = '', files = [], ...rest }: Content): Promise<Sent> {
    const attachment_ids: string[] = []
    for (const file of files) attachment_ids.push(await upload(who, file))
    return await ask<Sent>('POST', path, who.access_token, {
      client_id: randomUUID(),
      body,
      attachment_ids,
      ...rest,
    })
  }
  const invite = `${baseURL}/invite/${demo.invite}`
  const ended = `${baseURL}/invite/${'A'.repeat(24)}`

  await say(noor, { body: 'All four walls:', files: pictures })
  await say(me, { files: pictures.slice(0, 1) })
  await say(noor, { files: pictures.slice(1, 2), body: 'This one is the best.' })
  const answered = await say(me, {
    body: 'The `east` one? *Really?* See https://warren.example/signs',
  })
  await say(noor, { body: 'Really. ||It has the door.||', reply_to: answered.id })
  const edited = await say(me, { body: 'Fair', reply_to: answered.id })
  await ask('PATCH', `${path}/${edited.id}`, me.access_token, { body: 'Fair enough.' })
  for (const [who, emoji] of [
    [me, '🚪'],
    [noor, '🚪'],
    [noor, '👍'],
  ] as const)
    await ask('PUT', `${path}/${edited.id}/reactions/${emoji}`, who.access_token)
  const gone = await say(noor, { body: 'never mind' })
  await ask('DELETE', `${path}/${gone.id}?for=everyone`, noor.access_token)
  await say(me, { body: '🎨🚪' })
  const heard = await say(noor, { files: [speech(23)] })
  const spoken = await say(me, { files: [speech(9)] })
  await say(noor, { files: [text('measures of the west tunnel.txt')] })
  await say(me, { files: [text('paint.txt')], body: 'And what it takes.' })
  await say(noor, { body: `Come with us: ${invite}` })
  await say(me, { body: `You first: ${invite}` })
  await say(noor, { body: `Or here? ${ended}` })
  await say(me, { body: `As you said: ${baseURL}/chats/${direct}?at=${answered.seq}` })
  await say(noor, { body: `And that: ${baseURL}/chats/${direct}?at=${heard.seq}` })
  return {
    direct,
    silent: await chatWith(await newcomer('Ib')),
    spoken: { theirs: heard.seq, mine: spoken.seq },
  }
}
