import { type App, startApp } from '../app.ts'
import { type Config, readConfig } from '../config.ts'
import type { OperatorError } from '../domain/errors.ts'
import { partsTable } from '../parts.ts'
import { createLog } from './log.ts'

/** How long an agent without a database may take to stop. */
const LAST_STEPS_MS = 10_000

/**
 * Runs the agent until it is told to stop. A second signal ends it at once; what is cut off goes on at the next start. 1 when
 * its database is gone for good: whatever keeps it running may start it again.
 */
export async function serve(env: Readonly<Record<string, string | undefined>>): Promise<number> {
  const config = readConfig(env)
  const log = createLog(config.logLevel)
  const signalled = nextSignal()
  const app = await startApp(config, { log })
  process.stdout.write(`\nWatchkeeper is on watch at ${app.url}\n\n${partsTable(await app.parts())}\n\n`)
  process.stdout.write(await howToSignIn(config, app))
  process.stdout.write(`Webhooks go to ${app.url}/webhooks/alertmanager\n\n`)
  const ending = await Promise.race([signalled, app.lost])
  if (typeof ending === 'string') log.info({ signal: ending }, 'stopping')
  else giveUp(ending)
  process.once('SIGINT', () => process.exit(130))
  await app.stop()
  return typeof ending === 'string' ? 0 : 1
}

/**
 * A link is printed only while nobody is listed. Afterwards it would sign in one of the people, and whoever reads the log of this
 * process would decide in their name.
 */
async function howToSignIn({ console, people, telegram }: Config, app: App): Promise<string> {
  if (!console) return ''
  if (people.length === 0) return `Sign in within 15 minutes, once: ${await app.loginLink()}\n`
  const shell = 'in a shell: npm run watchkeeper -- login NAME, with a name of PEOPLE'
  return `To sign in to the console, ${telegram ? `send /login to the bot, or ${shell}` : shell}.\n`
}

function nextSignal(): Promise<string> {
  return new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve(signal))
  })
}

/** Says why. Stopping in order asks the database for this and that, which may take its time when there is none. */
function giveUp({ message }: OperatorError): void {
  process.stderr.write(`${message}\n`)
  setTimeout(() => process.exit(1), LAST_STEPS_MS).unref()
}
