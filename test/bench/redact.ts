import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { parseArgs, promisify } from 'node:util'
import { search } from './redact/search.ts'
import { report } from './report.ts'

/**
 * Plants secrets of every kind, calls every reading tool of every server, and searches what comes off the wire. The control
 * does the same in a process in which nothing is masked: it has to leak, or the search proves nothing.
 */
async function main(): Promise<number> {
  const { values } = parseArgs({ options: { json: { type: 'boolean' }, leaks: { type: 'boolean' } } })
  const found = await search()
  if (values.leaks) {
    process.stdout.write(`${found.leaked.length}\n`)
    return 0
  }
  for (const leak of found.leaked) process.stderr.write(`✖ ${leak}\n`)
  const figures = { ...found, leaked: found.leaked.length, control: await leaksWithoutMasks() }
  return report(figures, { leaked: { atMost: 0 }, control: { atLeast: 1 } }, values.json === true)
}

async function leaksWithoutMasks(): Promise<number> {
  const hooks = new URL('redact/without-masks.ts', import.meta.url).href
  const args = ['--import', hooks, fileURLToPath(import.meta.url), '--leaks']
  const { stdout } = await promisify(execFile)(process.execPath, args)
  return Number(stdout)
}

process.exitCode = await main()
