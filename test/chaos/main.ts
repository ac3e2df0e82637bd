import { parseArgs } from 'node:util'
import { type ControlReport, runControls } from './controls.ts'
import { startDatabaseServer } from './database.ts'
import { type Context, type FaultReport, Tally } from './fault.ts'
import { type F1Report, f1 } from './faults/f1.ts'
import { f2 } from './faults/f2.ts'
import { f3 } from './faults/f3.ts'
import { f12 } from './faults/f12.ts'
import { f13 } from './faults/f13.ts'
import { f14 } from './faults/f14.ts'
import { f15 } from './faults/f15.ts'
import { f18 } from './faults/f18.ts'
import { f19 } from './faults/f19.ts'
import { f22 } from './faults/f22.ts'
import { portsOf } from './ports.ts'
import { endAll } from './processes.ts'

/**
 * Breaks the agent in the ways of the list of faults and judges it from outside. Progress goes to stderr; the last line of
 * stdout is one JSON object. Ends with 1 unless every count is 0, every point was reached and every fault's condition holds.
 */
const FAULTS: Record<string, (context: Context, tally: Tally) => Promise<FaultReport>> = {
  F1: f1,
  F2: f2,
  F3: f3,
  F12: f12,
  F13: f13,
  F14: f14,
  F15: f15,
  F18: f18,
  F19: f19,
  F22: f22,
}
/** Begun before the others, because they take longest. */
const LONGEST = ['F1', 'F14']

const { values } = parseArgs({
  options: {
    faults: { type: 'string', default: Object.keys(FAULTS).join(',') },
    lanes: { type: 'string', default: '5' },
    quick: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    'no-controls': { type: 'boolean', default: false },
    keep: { type: 'boolean', default: false },
  },
})
const names = values.faults
  .split(',')
  .map((name) => name.trim().toUpperCase())
  .filter((name) => name !== '')
const unknown = names.filter((name) => !(name in FAULTS))
if (unknown.length > 0) {
  console.error(`There is no fault ${unknown.join(', ')} here; choose from ${Object.keys(FAULTS).join(', ')}.`)
  process.exit(2)
}

process.on('exit', endAll)
const began = Date.now()
const log = (text: string) => console.error(`${((Date.now() - began) / 1000).toFixed(1).padStart(6)} s  ${text}`)
const server = await startDatabaseServer({ keep: values.keep })
for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.once(signal, () => {
    log(`stopping on ${signal}`)
    // What was under way fails from here on, and nobody wants to know.
    process.on('unhandledRejection', () => {})
    process.on('uncaughtException', () => {})
    endAll()
    void server.stop().finally(() => process.exit(130))
  })
let lanes = 0
const context: Context = {
  server,
  quick: values.quick,
  slot: slots(Number(values.lanes)),
  ownPort: portsOf(process.pid),
  nextLane: () => ++lanes,
  log,
}
const tally = new Tally()

const order = [...LONGEST.filter((name) => names.includes(name)), ...names.filter((name) => !LONGEST.includes(name))]
const running = Promise.all(
  order.map(async (name): Promise<[string, FaultReport]> => {
    const started = Date.now()
    const report = await FAULTS[name]?.(context, tally)
    if (!report) throw new Error(`no fault ${name}`)
    log(
      `${name} ${report.problems.length === 0 ? 'ok' : `has ${report.problems.length} problems: ${report.problems[0]}`}`,
    )
    return [name, { ...report, facts: { ...report.facts, seconds: Math.round((Date.now() - started) / 1000) } }]
  }),
)

const controlling: Promise<ControlReport> = values['no-controls']
  ? Promise.resolve({ controls: {}, tries: {}, problems: [] })
  : runControls(context, tally)
const reports = (await running).sort(([one], [other]) => names.indexOf(one) - names.indexOf(other))
const { controls, tries, problems: uncontrolled } = await controlling
const killing = reports.map(([, report]) => report).find((report): report is F1Report => 'points' in report)
const counts = {
  lost: tally.total('lost'),
  doubled: tally.total('doubled'),
  unapproved: tally.total('unapproved'),
  mismatched: tally.total('mismatched'),
  untold: tally.total('untold'),
}
const chain = tally.findings.map(({ chain }) => chain).find((found) => found !== 'ok') ?? 'ok'
const unresolved = tally.total('unresolved')
const unreached = killing?.unreached ?? []
const result = {
  runs: reports.reduce((sum, [, { runs }]) => sum + runs, 0),
  ...counts,
  chain,
  unresolved,
  points: killing?.points ?? [],
  unreached,
  controls,
  tries,
  ...(uncontrolled.length > 0 && { uncontrolled }),
  by_fault: Object.fromEntries(
    reports.map(([name, { runs, problems, facts }]) => [
      name,
      { ok: problems.length === 0, runs, ...facts, ...(problems.length > 0 && { problems: problems.slice(0, 5) }) },
    ]),
  ),
  seconds: Math.round((Date.now() - began) / 1000),
}
await server.stop()
const sound =
  Object.values(counts).every((count) => count === 0) &&
  chain === 'ok' &&
  unresolved === 0 &&
  unreached.length === 0 &&
  uncontrolled.length === 0 &&
  Object.values(controls).every((count) => count > 0) &&
  reports.every(([, { problems }]) => problems.length === 0)
console.log(JSON.stringify(result, null, values.json ? undefined : 2))
process.exit(sound ? 0 : 1)

/** Lets `most` pieces of work run at the same time, the others in the order they came. */
function slots(most: number): Context['slot'] {
  const waiting: (() => void)[] = []
  let free = most
  return async (work) => {
    if (free === 0) await new Promise<void>((resolve) => waiting.push(resolve))
    else free -= 1
    try {
      return await work()
    } finally {
      const next = waiting.shift()
      if (next) next()
      else free += 1
    }
  }
}
