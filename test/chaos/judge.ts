import type { Change, Entry, History, Said } from './history.ts'

/** The invariants I1 to I5, each as the list of what went against it: pure, over what was seen from outside. */

/** I1: alerts that were acknowledged and never came up in a message. */
export function lost({ deliveries, said, fired }: History): string[] {
  const acknowledged = new Set(
    deliveries
      .filter(({ status }) => typeof status === 'number' && status >= 200 && status < 300)
      .flatMap(({ alerts }) => alerts)
      .filter(({ status }) => status === 'firing')
      .map(({ fingerprint }) => fingerprint),
  )
  return fired
    .filter(({ fingerprint }) => acknowledged.has(fingerprint))
    .filter(({ workload }) => !said.some(({ text }) => mentions(text, workload)))
    .map(({ workload }) => `the alert about ${workload} was acknowledged and nobody was told`)
}

/** I2: changes beyond what was permitted: the same effect twice, or more changes of a plan's action than one. */
export function doubled(history: History): string[] {
  const { ledger } = history
  const seen = new Set<string>()
  const faults: string[] = []
  for (const change of ours(history)) {
    const key = actionKey(change, ledger) ?? `unknown effect ${change.effect}`
    const names = [key, `effect ${change.effect}`]
    const again = names.find((name) => seen.has(name))
    if (again !== undefined) faults.push(`${change.workload} was changed again by ${again}`)
    for (const name of names) seen.add(name)
  }
  return faults
}

export interface Permission {
  /** People who may approve. */
  deciders: readonly string[]
  /** Milliseconds from the press within which an action may start; counted generously. */
  authorizationMs: number
}

/** I3: changes without a valid approval pressed before them by somebody who may, or a standing grant older than the run. */
export function unapproved(history: History, { deciders, authorizationMs }: Permission): string[] {
  return ours(history).flatMap((change) => {
    const run = runOf(change, history.ledger)
    if (!run) return [`${change.workload} was changed by ${change.effect}, which no entry of the ledger has`]
    const decision = decisionFor(run, history.ledger)
    if (!decision) return [`${change.workload} was changed, but nothing permitted plan ${String(run.body.plan)}`]
    if (decision.body.verdict === 'standing') return []
    const press = history.pressings.find(
      ({ by, label, workload, at }) =>
        workload === change.workload && by === decision.body.by && /approve|confirm/i.test(label) && at <= change.at,
    )
    if (!press) return [`${change.workload} was changed, but ${String(decision.body.by)} never pressed Approve before`]
    if (!deciders.includes(press.by)) return [`${change.workload} was changed on the word of ${press.by}, who may not`]
    return change.at - decision.at > authorizationMs
      ? [`${change.workload} was changed ${change.at - decision.at} ms after the decision, which is too late`]
      : []
  })
}

/** I4: changes that are not what the card showed when it was approved: another plan, or another value. */
export function mismatched(history: History): string[] {
  return ours(history).flatMap((change) => {
    const run = runOf(change, history.ledger)
    const decision = run && decisionFor(run, history.ledger)
    if (!run || decision?.body.verdict !== 'approved') return []
    const shown = history.said
      .filter(({ at, text }) => at <= change.at && mentions(text, change.workload))
      .filter(({ text }) => text.includes(`plan ${shortOf(String(run.body.plan))}`))
      .map(({ text }) => text)
    if (shown.length === 0) return [`${change.workload} was changed by a plan that no card showed before`]
    return expectedLines(change, history.changes)
      .filter((line) => !shown.some((text) => line.test(text)))
      .map((line) => `${change.workload} was changed, and no card showed ${line.source}`)
  })
}

/** I5: ends that nobody was told of: the newest state of the card is not the one it came to. */
export function untold({ said, endings }: History): string[] {
  return endings.flatMap(({ workload, says }) => {
    const last = cardOf(said, workload)
    if (last && says.test(last.text)) return []
    const heard = last ? `"${last.text.slice(0, 90).replaceAll('\n', ' ')}"` : 'nothing'
    return [`the end of ${workload} should read ${says} and reads ${heard}`]
  })
}

/** The newest content of the newest card about a workload; short lines beside the card do not name its place. */
export function cardOf(said: readonly Said[], workload: string): Said | undefined {
  return said.findLast(({ text }) => mentions(text, workload))
}

function ours({ changes }: History): Change[] {
  return changes.filter(({ effect }) => effect !== null)
}

function mentions(text: string, workload: string): boolean {
  const at = text.indexOf(workload)
  return at >= 0 && !/[\w-]/.test(text.charAt(at + workload.length))
}

function runOf({ effect }: Change, ledger: readonly Entry[]): Entry | undefined {
  return ledger.find(({ kind, body }) => kind === 'ran' && body.effect === effect)
}

function decisionFor(run: Entry, ledger: readonly Entry[]): Entry | undefined {
  return ledger.find(
    ({ seq, kind, body }) =>
      kind === 'decided' &&
      seq < run.seq &&
      (body.verdict === 'approved' || body.verdict === 'standing') &&
      body.plan === run.body.plan &&
      Array.isArray(body.actions) &&
      body.actions.includes(run.body.action),
  )
}

function actionKey(change: Change, ledger: readonly Entry[]): string | undefined {
  const run = runOf(change, ledger)
  return run && `action ${String(run.body.action)} of plan ${String(run.body.plan)}`
}

/** The six digits that people compare. */
function shortOf(digest: string): string {
  const hex = digest.slice(digest.indexOf(':') + 1)
  return `${hex.slice(0, 4)}-${hex.slice(4, 6)}`
}

interface Patch {
  spec?: {
    replicas?: number
    template?: { spec?: { containers?: { resources?: { limits?: { memory?: string } } }[] } }
  }
}

type Values = { field: 'limits.memory' | 'replicas'; value: string }[]

/** How every workload of a run begins. */
const INITIAL: Values = [
  { field: 'limits.memory', value: '256Mi' },
  { field: 'replicas', value: '1' },
]

/** What a change sets; a restart sets the hour it is made, which no card can know. */
function valuesOf(body: unknown): Values {
  const { spec = {} } = (body ?? {}) as Patch
  const memory = spec.template?.spec?.containers?.[0]?.resources?.limits?.memory
  return [
    ...(memory === undefined ? [] : [{ field: 'limits.memory' as const, value: memory }]),
    ...(spec.replicas === undefined ? [] : [{ field: 'replicas' as const, value: String(spec.replicas) }]),
  ]
}

/** The lines a card must have shown for a change to be what was shown: each value set, and what it was before. */
function expectedLines(change: Change, changes: readonly Change[]): RegExp[] {
  const earlier = changes.filter(({ workload, at }) => workload === change.workload && at < change.at)
  const known = [...INITIAL, ...earlier.flatMap(({ body }) => valuesOf(body))]
  return valuesOf(change.body).flatMap(({ field, value }) => {
    const before = known.findLast((one) => one.field === field)?.value
    if (before === value) return []
    return [diffLine('+', field, value), ...(before === undefined ? [] : [diffLine('-', field, before)])]
  })
}

/** Cards name the container as well, in words of their own. */
function diffLine(sign: '+' | '-', field: string, value: string): RegExp {
  const name = field.replace('.', '\\.')
  return new RegExp(`^\\s*\\${sign} [^:\\n]*\\b${name}[^:\\n]*: "?${value}"?$`, 'm')
}
