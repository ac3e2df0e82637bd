import { startApp } from '../app.ts'
import { readConfig } from '../config.ts'
import { partsTable } from '../parts.ts'
import { createLog } from './log.ts'

/** Starts every part once, says how each is, and stops again. 1 where something is broken. */
export async function doctor(env: Readonly<Record<string, string | undefined>>): Promise<number> {
  const config = readConfig({ ...env, PORT: '0' })
  const app = await startApp(config, { log: createLog('silent') })
  try {
    const parts = await app.parts()
    process.stdout.write(`${partsTable(parts)}\n`)
    return parts.some(({ state }) => state === 'broken') ? 1 : 0
  } finally {
    await app.stop()
  }
}
