// A pleasant little world for pictures: people, chats and groups, made through the public API.
import { randomUUID } from 'node:crypto'
import { ask } from './api'
import { freshUsername, PASSWORD } from './person'

interface Account {
  id: string
  username: string
  token: string
}

async function account(name: string, about = ''): Promise<Account> {
  const username = freshUsername(name)
  const auth = await ask<{ user: { id: string }; access_token: string }>(
    'POST',
    '/auth/register',
    null,
    {
      username,
      password: PASSWORD,
      display_name: name,
    },
  )
  if (about) await ask('PATCH', '/me', auth.access_token, { about })
  return { id: auth.user.id, username, token: auth.access_token }
}

const say = (who: Account, conversation: string, body: string) =>
  ask<{ seq: number }>('POST', `/conversations/${conversation}/messages`, who.token, {
    client_id: randomUUID(),
    body,
  })

async function talk(conversation: string, lines: [Account, string][]): Promise<number> {
  let last = 0
  for (const [who, body] of lines) last = (await say(who, conversation, body)).seq
  return last
}

const direct = async (a: Account, b: Account) =>
  (await ask<{ id: string }>('POST', '/conversations', a.token, { user_id: b.id })).id

const read = (who: Account, conversation: string, seq: number) =>
  ask('POST', `/conversations/${conversation}/receipts`, who.token, { read_seq: seq })

export interface Demo {
  username: string
  /** A direct chat with much of what a message can be. */
  direct: string
  group: string
  channel: string
  invite: string
}

export async function makeDemo(): Promise<Demo> {
  const me = await account('Ada Lovelace', 'Engines, poetry, long walks.')
  const grace = await account('Grace Hopper', 'Nanoseconds for everyone.')
  const juno = await account('Juno Okonkwo', 'Paints signs. Climbs things.')
  const milo = await account('Milo Brandt')
  const maryam = await account('مريم حسن')
  const soren = await account('Søren Kierkegaard')
  const kim = await account('Kim Nguyen')

  const withGrace = await direct(me, grace)
  await read(
    grace,
    withGrace,
    await talk(withGrace, [
      [grace, 'Morning! Did the new engine survive the night?'],
      [me, 'It did. **Not one** message lost, with the broker pulled twice.'],
      [me, 'Numbers are here: https://warren.example/runs/2026-11'],
      [grace, '> Not one message lost\nThat I want to see on a poster.'],
      [grace, 'What did you change?'],
      [
        me,
        'Mostly this:\n- commit first, then tell\n- every event has a `rev`\n- a client that finds a hole *asks*',
      ],
      [me, '```\nif (rev === held + 1) apply(event)\nelse keep(event)\n```'],
      [grace, 'That is all?'],
      [me, 'That is all. The rest is tests.'],
    ]),
  )
  await talk(withGrace, [
    [grace, '🎉'],
    [grace, 'Lunch at one? I will bring the clock.'],
  ])

  const withJuno = await direct(juno, me)
  await talk(withJuno, [
    [juno, 'The sign is dry.'],
    [me, 'Hang it up! I am on my way with the ladder.'],
  ])
  const withMilo = await direct(milo, me)
  await read(
    milo,
    withMilo,
    await talk(withMilo, [
      [milo, 'Thanks for the recipe'],
      [me, 'Tell me how it turns out'],
    ]),
  )
  const withMaryam = await direct(maryam, me)
  await talk(withMaryam, [[maryam, 'مرحبا! هل نلتقي يوم السبت؟']])
  const withSoren = await direct(soren, me)
  await talk(withSoren, [[soren, 'Life can only be understood backwards. The backlog, too.']])
  await direct(kim, me).then((id) => talk(id, [[kim, 'Photos from the hike are coming tonight']]))
  await ask('PATCH', `/conversations/${withGrace}/me`, me.token, { pinned: true })
  await ask('PATCH', `/conversations/${withSoren}/me`, me.token, {
    muted_until: '9999-12-31T00:00:00.000Z',
  })

  for (const [user, alias] of [
    [grace, null],
    [juno, 'Juno (signs)'],
    [milo, null],
  ] as const) {
    await ask('PUT', `/contacts/${user.id}`, me.token, { alias })
  }
  await ask('POST', '/friend-requests', kim.token, { user_id: me.id })
  await ask('POST', '/friend-requests', me.token, { user_id: soren.id })

  const group = await ask<{ id: string; channels: { id: string }[] }>('POST', '/groups', me.token, {
    name: 'Burrow Builders',
    description: 'We dig, we paint, we have tea at four.',
    tags: ['building', 'tea'],
    visibility: 'public',
  })
  for (const member of [grace, juno, milo, maryam])
    await ask('POST', `/groups/${group.id}/join`, member.token)
  for (const name of ['west tunnel', 'tea']) {
    await ask('POST', `/groups/${group.id}/channels`, me.token, {
      name,
      category: 'Places',
      topic: `All about: ${name}`,
    })
  }
  const channel = group.channels[0]?.id ?? ''
  await talk(channel, [
    [juno, 'Good morning, diggers! Who has the measuring tape?'],
    [milo, 'Me. It is 2 cm short, which explains the door.'],
    [milo, 'I will order a new one today.'],
    [milo, 'And I know what is behind it: ||the door is painted on||'],
    [me, 'Then we measure **twice** and complain once.'],
    [grace, 'The west tunnel is through! Come and look.'],
    [maryam, 'أحسنتم! سأحضر الشاي'],
    [juno, 'Opening on Saturday, then? The sign is nearly done.'],
    [me, 'Saturday it is. I will write the invitation.'],
    [grace, 'Count me in'],
  ])
  const invite = await ask<{ code: string }>('POST', `/groups/${group.id}/invites`, me.token, {
    max_uses: 10,
  })

  const other = await ask<{ id: string }>('POST', '/groups', grace.token, {
    name: 'Night Readers',
    description: 'One chapter before midnight, no spoilers.',
    tags: ['books'],
    visibility: 'public',
  })
  await ask('POST', `/groups/${other.id}/join`, milo.token)
  return { username: me.username, direct: withGrace, group: group.id, channel, invite: invite.code }
}
