// The room for those who use k6: every member of a group listens, some write, and every message
// must reach everybody.
//
//   k6 run -e WARREN_MEMBERS=100 -e WARREN_RATE=20 -e WARREN_SECONDS=30 infra/k6/room.js
//
// It registers its people and makes its group through the API, so the system must run without rate
// limits (WARREN_RATE_LIMITS=off make up), and a password hash for each member takes its time. For
// thousands of sockets and for what the servers spend there is `make bench`.
import http from 'k6/http'
import exec from 'k6/execution'
import { check, fail } from 'k6'
import { WebSocket } from 'k6/websockets'
import { Counter, Trend } from 'k6/metrics'
import { setTimeout } from 'k6/timers'

const API = __ENV.WARREN_URL || 'http://localhost:8080'
const SOCKETS = (__ENV.WARREN_WS || 'ws://localhost:8080/ws').split(',')
const MEMBERS = Number(__ENV.WARREN_MEMBERS || 100)
const RATE = Number(__ENV.WARREN_RATE || 20)
const SECONDS = Number(__ENV.WARREN_SECONDS || 30)
const P95_MS = Number(__ENV.WARREN_P95_MS || 100)
// For the last messages.
const PATIENCE_SECONDS = 3

// Names of our own: those of k6 are counted by k6 as well.
const delivery = new Trend('warren_delivery', true)
const delivered = new Counter('warren_delivered')
const expected = new Counter('warren_expected')
const repeated = new Counter('warren_repeated')
const lost = new Counter('warren_sockets_lost')

export const options = {
  setupTimeout: '300s',
  scenarios: {
    listen: {
      executor: 'per-vu-iterations',
      exec: 'listen',
      vus: MEMBERS,
      iterations: 1,
      maxDuration: `${SECONDS + 60}s`,
    },
    write: {
      executor: 'constant-arrival-rate',
      exec: 'write',
      rate: RATE,
      timeUnit: '1s',
      duration: `${SECONDS}s`,
      startTime: '10s',
      preAllocatedVUs: 20,
      maxVUs: 200,
    },
  },
  thresholds: {
    checks: ['rate==1'],
    warren_sockets_lost: ['count==0'],
    warren_repeated: ['count==0'],
    dropped_iterations: ['count==0'],
    warren_delivery: [`p(95)<${P95_MS}`],
  },
}

function post(path, token, body) {
  const headers = { 'Content-Type': 'application/json' }
  if (token) headers.Authorization = `Bearer ${token}`
  return http.post(`${API}${path}`, JSON.stringify(body), { headers })
}

export function setup() {
  const run = Date.now().toString(36)
  const people = []
  for (let n = 0; n < MEMBERS; n += 1) {
    const answer = post('/v1/auth/register', null, {
      username: `k6.${run}.${n}`,
      password: `not a secret ${run}`,
    })
    if (answer.status !== 201) fail(`register: ${answer.status} ${answer.body}`)
    people.push(answer.json('access_token'))
  }
  const group = post('/v1/groups', people[0], { name: `k6 ${run}`, visibility: 'public' })
  if (group.status !== 201) fail(`group: ${group.status} ${group.body}`)
  for (const token of people.slice(1)) {
    const joined = post(`/v1/groups/${group.json('id')}/join`, token, {})
    if (joined.status !== 200) fail(`join: ${joined.status} ${joined.body}`)
  }
  return { people, channel: group.json('channels.0.id') }
}

// One member: counts each message once, by its revision.
export function listen({ people, channel }) {
  const place = (exec.vu.idInTest - 1) % MEMBERS
  const socket = new WebSocket(SOCKETS[place % SOCKETS.length], null, {
    headers: { Authorization: `Bearer ${people[place]}` },
  })
  const seen = new Set()
  let leaving = false
  socket.addEventListener('message', ({ data }) => {
    const frame = JSON.parse(data)
    if (frame.type !== 'message.created' || frame.conversation_id !== channel) return
    const sent = Number(frame.message.body.split(' ')[0])
    // What the system says of who joined has no time in it.
    if (!sent) return
    if (seen.has(frame.rev)) {
      repeated.add(1)
      return
    }
    seen.add(frame.rev)
    delivered.add(1)
    delivery.add(Date.now() - sent)
  })
  socket.addEventListener('close', () => {
    if (!leaving) lost.add(1)
  })
  setTimeout(
    () => {
      leaving = true
      socket.close()
    },
    (10 + SECONDS + PATIENCE_SECONDS) * 1000,
  )
}

let number = 0

function uuid() {
  const hex = (length) =>
    Array.from({ length }, () => Math.floor(Math.random() * 16).toString(16)).join('')
  return `${hex(8)}-${hex(4)}-4${hex(3)}-8${hex(3)}-${hex(12)}`
}

export function write({ people, channel }) {
  number += 1
  const token = people[(exec.scenario.iterationInTest + number) % MEMBERS]
  const answer = post(`/v1/conversations/${channel}/messages`, token, {
    client_id: uuid(),
    body: `${Date.now()} ${'x'.repeat(50)}`,
  })
  if (check(answer, { 'a message is taken': ({ status }) => status === 201 })) expected.add(MEMBERS)
}

export function handleSummary(data) {
  const count = (name) => (data.metrics[name] ? data.metrics[name].values.count : 0)
  const times = data.metrics.warren_delivery ? data.metrics.warren_delivery.values : {}
  const whole = count('warren_delivered') === count('warren_expected')
  const text = `expected ${count('warren_expected')}, delivered ${count('warren_delivered')}, ${
    whole ? 'all arrived' : 'NOT ALL ARRIVED'
  }; p95 ${times['p(95)']} ms\n`
  return { stdout: text }
}
