import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { parseArgs, promisify } from 'node:util'
import { report } from './report.ts'
import { type Play, play } from './router/play.ts'

/**
 * Scripted incidents with every failure of both models, in every mode: who was asked, what for, and what it cost. The control
 * plays them in a process that does not read the labels which keep an incident at home: there the cloud has to be asked.
 */
async function main(): Promise<number> {
  const { values } = parseArgs({ options: { json: { type: 'boolean' }, 'never-leaves': { type: 'boolean' } } })
  const played = await play()
  if (values['never-leaves']) {
    process.stdout.write(`${played.never_leaves_cloud_calls}\n`)
    return 0
  }
  const control = await callsWithoutTheRule()
  const code = report(figuresOf(played, control), BOUNDS, false)
  if (values.json) process.stdout.write(`${JSON.stringify({ ...played, control })}\n`)
  return code
}

const BOUNDS = {
  local_only_cloud_calls: { atMost: 0 },
  off_cloud_calls: { atMost: 0 },
  never_leaves_cloud_calls: { atMost: 0 },
  without_reason: { atMost: 0 },
  local_first_cheaper_by_usd: { atLeast: 0.000_001 },
  escalated: { atLeast: 1 },
  control: { atLeast: 1 },
}

function figuresOf({ modes, never_leaves_cloud_calls }: Play, control: number): Record<string, number> {
  return {
    incidents: modes.local_first.incidents,
    local_only_cloud_calls: modes.local_only.cloud_calls,
    off_cloud_calls: modes.off.cloud_calls,
    never_leaves_cloud_calls,
    without_reason: Object.values(modes).reduce((sum, mode) => sum + mode.without_reason, 0),
    local_first_cheaper_by_usd: modes.cloud_only.cost_usd - modes.local_first.cost_usd,
    escalated: modes.local_first.escalated,
    control,
  }
}

async function callsWithoutTheRule(): Promise<number> {
  const hooks = new URL('router/without-rule.ts', import.meta.url).href
  const args = ['--import', hooks, fileURLToPath(import.meta.url), '--never-leaves']
  const { stdout } = await promisify(execFile)(process.execPath, args)
  return Number(stdout)
}

process.exitCode = await main()
