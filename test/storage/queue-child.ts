import { openQueue } from '../../src/storage/queue.ts'

/** A replica reduced to its queue: takes one job, says so, and never finishes it. */
const [url = ''] = process.argv.slice(2)
const queue = openQueue({ url, max: 3 })
await queue.start()
await queue.work('killed', { concurrency: 1 }, async ({ id }) => {
  process.stdout.write(`${id}\n`)
  await new Promise<never>(() => {})
})
process.stdout.write('ready\n')
