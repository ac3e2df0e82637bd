import { startEmbedded } from '../../src/storage/embedded-postgres.ts'

/** An agent reduced to its database: starts it in the folder given, says so, and stays until it is killed. */
const [dataDir = ''] = process.argv.slice(2)

try {
  const { url, adopted } = await startEmbedded({ dataDir })
  process.stdout.write(`${JSON.stringify({ url, adopted })}\n`)
  setInterval(() => {}, 60_000)
} catch (error) {
  process.stdout.write(`${JSON.stringify({ error: String(error) })}\n`)
}
