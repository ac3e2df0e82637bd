import { startApp } from '../app.ts'
import { readConfig } from '../config.ts'
import { partsTable } from '../parts.ts'
import { createLog } from './log.ts'

/** Runs the agent until it is told to stop. A second signal ends it at once; what is cut off goes on at the next start. */
export async function serve(env: Readonly<Record<string, string | undefined>>): Promise<number> {
  const config = readConfig(env)
  const log = createLog(config.logLevel)
  const signalled = nextSignal()
  const app = await startApp(config, { log })
  process.stdout.write(`\nWatchkeeper is on watch at ${app.url}\n\n${partsTable(await app.parts())}\n\n`)
  const link = await app.loginLink()
  if (link !== undefined) process.stdout.write(`Sign in within 15 minutes, once: ${link}\n`)
  process.stdout.write(`Webhooks go to ${app.url}/webhooks/alertmanager\n\n`)
  log.info({ signal: await signalled }, 'stopping')
  process.once('SIGINT', () => process.exit(130))
  await app.stop()
  return 0
}

function nextSignal(): Promise<string> {
  return new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve(signal))
  })
}
