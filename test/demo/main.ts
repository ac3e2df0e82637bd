import { parseArgs } from 'node:util'
import type { IncidentView } from '../../src/domain/view.ts'
import { cleanUpOnExit } from './clean-up.ts'
import { narrate, type Story } from './narrator.ts'
import { askQuestion, pressApprove } from './presser.ts'
import { scenarioNamed, scenarios } from './scenarios/index.ts'
import type { Scenario } from './scenarios/scenario.ts'
import { type Result, type Stage, startStage } from './stage.ts'

/** How long a person at a terminal may take. */
const PATIENCE_MS = 10 * 60_000
/** How long the agent and the platform may take. */
const WAIT_MS = 60_000

interface Wanted {
  scenario: Scenario
  /** Somebody is there to press. */
  person: boolean
  json: boolean
  /** Simulated models look into it too. */
  models: boolean
}

const USAGE = `Usage: npm run demo -- [--scenario ${[...scenarios.keys()].join('|')}] [--models sim] [--auto] [--json]`

/** Undefined where only the usage was asked for. */
function wanted(): Wanted | undefined {
  const { values } = parseArgs({
    options: {
      auto: { type: 'boolean' },
      json: { type: 'boolean' },
      scenario: { type: 'string' },
      models: { type: 'string' },
      help: { type: 'boolean' },
    },
  })
  if (values.help) return undefined
  const { auto = false, json = false, models } = values
  if (models !== undefined && models !== 'sim')
    throw new Error('--models takes sim: two simulated models. Models of your own are asked by npm start.')
  const person = process.stdin.isTTY === true && !process.env.CI && !auto && !json
  return { scenario: scenarioNamed(values.scenario), person, json, models: models === 'sim' }
}

/**
 * The main job on a machine that has nothing: the real agent on an embedded Postgres with its console and the real MCP
 * server of a platform, against a simulation of it in which something breaks. Where no person can press, it presses.
 */
async function demo({ scenario, person, json, models }: Wanted): Promise<number> {
  const say = (text: string) => (json ? process.stderr : process.stdout).write(`${text}\n`)
  const started = Date.now()
  say('Setting the stage: a simulated cluster, an embedded Postgres, the agent and its console …')
  const stage = await startStage(scenario, { models })
  const cleanUp = cleanUpOnExit(() => stage.stop())
  try {
    say(`The agent is on watch at ${stage.app.url}.\n`)
    const story = narrate(stage, say)
    stage.breakSomething()
    say(scenario.breaking)
    const asked = await story.until(isAsked, WAIT_MS)
    if (!asked) return fail(say, 'No plan was proposed within a minute.')
    if (models && !(await story.until(isDiagnosed, WAIT_MS)))
      return fail(say, 'The models found nothing within a minute.')
    if (person) say(await invitation(stage))
    else
      say(
        `\n  A person would open ${stage.app.url}/login?token=… and press Approve. Nobody is here, so the demo presses.\n`,
      )
    const over = await throughQuestions(stage, story, asked, { person, say })
    if (over === 'silence')
      return fail(say, 'Nobody pressed within 10 minutes, so nothing more ran. That is how it is meant: silence is no.')
    if (models) await askInTheConsole(stage, scenario.models.question, say)
    await story.end()
    const result = await stage.result(over, Date.now() - started)
    say(transcript(result))
    if (person) {
      say('\nThe console stays up for you to look around. Press Enter to end; after 10 minutes it ends by itself.')
      await enter(PATIENCE_MS)
    }
    if (json) process.stdout.write(`${JSON.stringify(result)}\n`)
    return person || isWell(result, scenario) ? 0 : 1
  } finally {
    await cleanUp()
  }
}

/** Each question in its turn, until the incident is over. Undefined when it does not end in time. */
async function throughQuestions(
  stage: Stage,
  story: Story,
  first: IncidentView,
  { person, say }: { person: boolean; say: (text: string) => void },
): Promise<IncidentView | 'silence' | undefined> {
  let asked: IncidentView | undefined = first
  while (asked && isAsked(asked)) {
    const question = asked.approval?.id
    if (!person) for (const text of await pressFor(stage, asked)) say(`  The console answers: ${text}`)
    const isNext = (view: IncidentView) => view.approval?.id !== question
    const decided = await story.until((view) => isNext(view) || view.approval?.status !== 'pending', PATIENCE_MS)
    if (!decided) return 'silence'
    asked = await story.until((view) => isOver(view) || (isNext(view) && isAsked(view)), WAIT_MS)
  }
  return asked
}

/** Presses as one person, or as two where two are asked. */
async function pressFor({ app, people }: Stage, { approval, incident }: IncidentView): Promise<string[]> {
  const names = people.map(({ name }) => name)
  const pressing = approval?.asks === 'two' ? names.slice(0, 2) : [names[0]]
  const answers: string[] = []
  for (const name of pressing) {
    const text = await pressApprove((await app.loginLink(name)) ?? '', incident.id)
    answers.push(name === undefined ? text : `${text} (to ${name})`)
  }
  return answers
}

/** What a person would type on the incident's page, and what is answered there. */
async function askInTheConsole({ app, people }: Stage, question: string, say: (text: string) => void): Promise<void> {
  say(`\n  Somebody asks on the incident's page: ${question}`)
  const answer = await askQuestion((await app.loginLink(people[0]?.name)) ?? '', 1, question, WAIT_MS)
  say(
    answer
      .split('\n')
      .map((line) => `  │ ${line}`)
      .join('\n'),
  )
}

async function invitation({ app, people }: Stage): Promise<string> {
  const once = 'each link works once, for 15 minutes'
  if (people.length === 0)
    return `\n  Open this in a browser and press Approve (the link works once, for 15 minutes):\n\n    ${await app.loginLink()}\n`
  const links = await Promise.all(
    people.map(async ({ name, role }) => `    ${name} (${role})  ${await app.loginLink(name)}\n`),
  )
  return `\n  Some of this takes two people. Open one link in a browser and the other in a private window (${once}), and press Approve:\n\n${links.join('')}`
}

function isAsked({ incident, approval }: IncidentView): boolean {
  return incident.status === 'waiting' && approval?.status === 'pending'
}

/** What was found stands on the card, with the model that found it. */
function isDiagnosed({ investigations }: IncidentView): boolean {
  return investigations.some(({ status }) => status === 'done')
}

function isOver({ incident }: IncidentView): boolean {
  return incident.status === 'closed' || incident.status === 'watching'
}

function isWell({ outcome, audit, executions }: Result, scenario: Scenario): boolean {
  return outcome === 'fixed' && audit === 'ok' && executions === scenario.executions
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

function transcript({ alerts, approvals, executions, outcome, audit, seconds }: Result): string {
  const count = (number: number, noun: string) => `${number} ${noun}${number === 1 ? '' : 's'}`
  return [
    '',
    `Outcome: ${outcome}, after ${seconds} s.`,
    `${count(alerts, 'alert')} taken in, ${count(approvals, 'approval')} asked and given, ${count(executions, 'change')} made in the cluster.`,
    audit === 'ok' ? 'Every decision is in the ledger, and its chain holds.' : `The ledger does not hold: ${audit}.`,
  ].join('\n')
}

function fail(say: (text: string) => void, sentence: string): number {
  say(`\n${sentence}`)
  return 1
}

function options(): Wanted | number {
  try {
    const chosen = wanted()
    if (!chosen) process.stdout.write(`${USAGE}\n`)
    return chosen ?? 0
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : error}\n${USAGE}\n`)
    return 1
  }
}

const chosen = options()
process.exitCode = typeof chosen === 'number' ? chosen : await demo(chosen)
