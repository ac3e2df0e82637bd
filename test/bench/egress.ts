import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { parseArgs, promisify } from 'node:util'
import { search } from './egress/search.ts'
import { report } from './report.ts'

/** Half a secret, or something personal that nobody has listed, may slip through now and then; a whole secret may not. */
const MOST_LEAKED = 4

/**
 * Plants secrets and what is personal in alerts, logs and tool results, escalates, and reads the requests that reached the cloud
 * and the chat. The control does the same in a process without the redactor: it has to leak, or the search proves nothing.
 */
async function main(): Promise<number> {
  const { values } = parseArgs({ options: { json: { type: 'boolean' }, leaks: { type: 'boolean' } } })
  const { planted, knownFormatLeaked, leaked, roundtripOk } = await search()
  if (values.leaks) {
    process.stdout.write(`${knownFormatLeaked.length}\n`)
    return 0
  }
  for (const kind of new Set([...knownFormatLeaked, ...leaked])) process.stderr.write(`✖ a ${kind} has left\n`)
  const figures = {
    planted,
    known_format_leaked: knownFormatLeaked.length,
    leaked: leaked.length,
    roundtrip_ok: roundtripOk ? 1 : 0,
    control: await leaksWithout(),
  }
  const bounds = {
    planted: { atLeast: 200 },
    known_format_leaked: { atMost: 0 },
    leaked: { atMost: MOST_LEAKED },
    roundtrip_ok: { atLeast: 1 },
    control: { atLeast: 1 },
  }
  const code = report(figures, bounds, false)
  if (values.json) process.stdout.write(`${JSON.stringify({ ...figures, roundtrip_ok: roundtripOk })}\n`)
  return code
}

async function leaksWithout(): Promise<number> {
  const hooks = new URL('egress/without-redaction.ts', import.meta.url).href
  const args = ['--import', hooks, fileURLToPath(import.meta.url), '--leaks']
  const { stdout } = await promisify(execFile)(process.execPath, args)
  return Number(stdout)
}

process.exitCode = await main()
