// Which ws-server a browser hears, and the processes of the stack that the tests run before.
import { expect, type Page } from '@playwright/test'
import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const repository = fileURLToPath(new URL('..', import.meta.url))
export const runFolder = process.env.WARREN_RUN_DIR ?? `${repository}.run`

/** Follows the sockets of a page: each server says its name in `hello`. */
export function followServer(page: Page): () => string | null {
  let server: string | null = null
  page.on('websocket', (socket) => {
    socket.on('framereceived', ({ payload }) => {
      const frame = JSON.parse(String(payload)) as { type: string; server_id?: string }
      if (frame.type === 'hello') server = frame.server_id ?? null
    })
    socket.on('close', () => {
      server = null
    })
  })
  return () => server
}

interface Guest {
  page: Page
  /** The server of the socket; null while there is none. */
  server: () => string | null
}

const arrived = (guest: Guest) => expect.poll(guest.server).not.toBeNull()

/**
 * Until both are at different servers. The front door shares sockets out in turn, so whoever meets
 * the other at the same one comes in again.
 */
export async function keepApart(one: Guest, other: Guest): Promise<void> {
  await arrived(one)
  await arrived(other)
  await expect(async () => {
    if (one.server() === other.server()) {
      await other.page.reload()
      await arrived(other)
    }
    expect(other.server()).not.toBe(one.server())
  }).toPass()
}

/** Ends a process of the stack as a power cut would. */
export function killProcess(name: string): void {
  const [pid] = readFileSync(`${runFolder}/process/${name}.pid`, 'utf8').split(' ')
  process.kill(Number(pid), 'SIGKILL')
}

/** Starts again what has died, and waits until it is ready. */
export async function repairStack(): Promise<void> {
  await promisify(execFile)(`${repository}infra/dev/stack`, ['up'])
}
