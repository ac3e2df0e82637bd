import { startEmbedded } from '../../src/storage/embedded-postgres.ts'

/** An agent reduced to its database: starts it in the folder given, `alone` as a command does, says so, and stays until it is killed. */
const [dataDir = '', alone] = process.argv.slice(2)

try {
  const { url, adopted } = await startEmbedded({ dataDir, alone: alone === 'alone' })
  process.stdout.write(`${JSON.stringify({ url, adopted })}\n`)
  setInterval(() => {}, 60_000)
} catch (error) {
  process.stdout.write(`${JSON.stringify({ error: String(error) })}\n`)
}
