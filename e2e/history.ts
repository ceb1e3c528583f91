// A conversation as years of use leave it, written into the database at once: by the API it would take
// longer than what is measured on it.
import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { runFolder } from './servers'

const run = promisify(execFile)
const services = fileURLToPath(new URL('../infra/dev/services', import.meta.url))

async function databaseUrl(): Promise<string> {
  const { stdout } = await run(services, ['env', runFolder])
  const url = /^WARREN_DATABASE_URL=(.*)$/m.exec(stdout)?.[1]
  if (!url) throw new Error(`no database in ${runFolder}`)
  return url
}

const SQL = (conversation: string, count: number) => `
  BEGIN;
  WITH template AS (
    SELECT * FROM messages WHERE conversation_id = '${conversation}' ORDER BY seq DESC LIMIT 1
  )
  INSERT INTO messages
    (conversation_id, seq, rev, id, client_id, sender_id, kind, request_hash, body, created_at)
  SELECT conversation_id, template.seq + n, template.rev + n, gen_random_uuid(), gen_random_uuid(),
         sender_id, kind, request_hash,
         'Message ' || n || repeat(' and some more of it', n % 7),
         created_at + n * interval '1 millisecond'
    FROM template, generate_series(1, ${count}) AS n;
  UPDATE conversations
     SET last_seq = last_seq + ${count}, rev = rev + ${count} WHERE id = '${conversation}';
  COMMIT;
`

/** Adds `count` messages like its last one. */
export async function writeHistory(conversation: string, count: number): Promise<void> {
  if (!/^[0-9a-f-]{36}$/.test(conversation)) throw new Error(`${conversation} is no id`)
  await run('psql', [
    '--quiet',
    '-v',
    'ON_ERROR_STOP=1',
    await databaseUrl(),
    '-c',
    SQL(conversation, count),
  ])
}
