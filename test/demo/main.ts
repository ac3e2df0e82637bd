import { parseArgs } from 'node:util'
import { cleanUpOnExit } from './clean-up.ts'
import { narrate } from './narrator.ts'
import { pressApprove } from './presser.ts'
import { startStage } from './stage.ts'

/** How long a person at a terminal may take. */
const PATIENCE_MS = 10 * 60_000

/**
 * The main job on a machine that has nothing: the real agent on an embedded Postgres with its console and the real
 * Kubernetes MCP server, against a simulated cluster in which something breaks. Where no person can press, it presses.
 */
async function demo(): Promise<number> {
  const { values } = parseArgs({ options: { auto: { type: 'boolean' }, json: { type: 'boolean' } } })
  const person = process.stdin.isTTY === true && !process.env.CI && !values.auto && !values.json
  const say = (text: string) => (values.json ? process.stderr : process.stdout).write(`${text}\n`)
  const started = Date.now()

  say('Setting the stage: a simulated cluster, an embedded Postgres, the agent and its console …')
  const stage = await startStage()
  const cleanUp = cleanUpOnExit(() => stage.stop())
  try {
    say(`The agent is on watch at ${stage.app.url}.\n`)
    const story = narrate(stage, say)
    stage.breakSomething()
    say(`Breaking media/radarr: it now needs more memory than its limit allows.`)
    const waiting = await story.until((view) => view.incident.status === 'waiting', 60_000)
    if (!waiting) return fail(say, 'No plan was proposed within a minute.')
    const link = await stage.app.loginLink()
    if (person) {
      say(`\n  Open this in a browser and press Approve (the link works once, for 15 minutes):\n\n    ${link}\n`)
    } else {
      say(
        `\n  A person would open ${stage.app.url}/login?token=… and press Approve. Nobody is here, so the demo presses.\n`,
      )
      say(`  The console answers: ${await pressApprove(link ?? '', waiting.incident.id)}\n`)
    }
    const patience = person ? PATIENCE_MS : 60_000
    const decided = await story.until((view) => view.incident.status !== 'waiting', patience)
    if (!decided)
      return fail(say, 'Nobody pressed within 10 minutes, so nothing ran. That is how it is meant: silence is no.')
    const over = await story.until(
      (view) => view.incident.status === 'closed' || view.incident.status === 'watching',
      60_000,
    )
    await story.end()
    const result = await stage.result(over, Date.now() - started)
    say(transcript(result))
    if (person) {
      say('\nThe console stays up for you to look around. Press Enter to end; after 10 minutes it ends by itself.')
      await enter(PATIENCE_MS)
    }
    if (values.json) process.stdout.write(`${JSON.stringify(result)}\n`)
    return person || (result.outcome === 'fixed' && result.audit === 'ok' && result.executions === 1) ? 0 : 1
  } finally {
    await cleanUp()
  }
}

/** Resolves when Enter is pressed, or after a while. */
function enter(withinMs: number): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(done, withinMs)
    process.stdin.once('data', done)
    function done(): void {
      clearTimeout(timer)
      process.stdin.pause()
      resolve()
    }
  })
}

function transcript(result: Awaited<ReturnType<Awaited<ReturnType<typeof startStage>>['result']>>): string {
  const { alerts, approvals, executions, outcome, audit, seconds } = result
  return [
    '',
    `Outcome: ${outcome}, after ${seconds} s.`,
    `${alerts} alert taken in, ${approvals} approval asked and given, ${executions} change made in the cluster.`,
    audit === 'ok' ? 'Every decision is in the ledger, and its chain holds.' : `The ledger does not hold: ${audit}.`,
  ].join('\n')
}

function fail(say: (text: string) => void, sentence: string): number {
  say(`\n${sentence}`)
  return 1
}

process.exitCode = await demo()
