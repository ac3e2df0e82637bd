import { decidedBefore, decisionFor, fitsTool, partOf, runOf, takesTwo } from './attribution.ts'
import { type Change, type History, isOurs, type Pressing, type Said } from './history.ts'
import { expectedLines } from './shown-lines.ts'

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

/** I2: changes beyond what was permitted: the same part of one effect twice, or of one action of a plan. */
export function doubled(history: History): string[] {
  const seen = new Set<string>()
  const faults: string[] = []
  for (const change of ours(history)) {
    const run = runOf(change, history)
    const part = partOf(change, run)
    const action = run && `action ${String(run.body.action)} of plan ${String(run.body.plan)}`
    const names = [
      `${action ?? `unknown effect ${change.effect}`}, ${part}`,
      ...(change.effect === null ? [] : [`effect ${change.effect}, ${part}`]),
    ]
    const again = names.find((name) => seen.has(name))
    if (again !== undefined) faults.push(`${change.workload} was changed again by ${again}`)
    for (const name of names) seen.add(name)
  }
  return faults
}

export interface Permission {
  /** People who may approve. */
  deciders: readonly string[]
  /** Those among them of whom one is needed where two must approve. */
  admins: readonly string[]
  /** Milliseconds from the press within which an action may start; counted generously. */
  authorizationMs: number
}

/**
 * I3: changes without a valid approval pressed before them by somebody who may (by two where data or service may be lost), or
 * a standing grant older than the run.
 */
export function unapproved(history: History, permission: Permission): string[] {
  const { deciders, authorizationMs } = permission
  return ours(history).flatMap((change) => {
    const run = runOf(change, history)
    if (!run)
      return [`${change.workload} was changed by ${change.effect ?? change.deed}, which no entry of the ledger has`]
    const decision = decisionFor(run, history.ledger)
    if (!decision) return [`${change.workload} was changed, but nothing permitted plan ${String(run.body.plan)}`]
    const two = takesTwo(change, run)
    if (decision.body.verdict === 'standing')
      return two ? [`${change.workload} was changed by ${run.body.tool} without asking two people`] : []
    const presses = history.pressings.filter(
      ({ label, workload, at }) => workload === change.workload && /approve|confirm/i.test(label) && at <= change.at,
    )
    const press = presses.find(({ by }) => by === decision.body.by)
    if (!press) return [`${change.workload} was changed, but ${String(decision.body.by)} never pressed Approve before`]
    if (!deciders.includes(press.by)) return [`${change.workload} was changed on the word of ${press.by}, who may not`]
    if (two && !byTwo(presses, decidedBefore(decision, history.ledger), permission))
      return [
        `${change.workload} was changed by ${run.body.tool} on the word of less than two people, one of them an admin`,
      ]
    return change.at - decision.at > authorizationMs
      ? [`${change.workload} was changed ${change.at - decision.at} ms after the decision, which is too late`]
      : []
  })
}

function byTwo(presses: readonly Pressing[], since: number, { deciders, admins }: Permission): boolean {
  const people = new Set(presses.filter(({ at, by }) => at > since && deciders.includes(by)).map(({ by }) => by))
  return people.size > 1 && admins.some((admin) => people.has(admin))
}

/** I4: changes that are not what the card showed when it was approved: another plan, another deed or object, or another value. */
export function mismatched(history: History): string[] {
  return ours(history).flatMap((change) => {
    const run = runOf(change, history)
    const decision = run && decisionFor(run, history.ledger)
    if (!run || decision?.body.verdict !== 'approved') return []
    const shown = history.said
      .filter(({ at, text }) => at <= change.at && mentions(text, change.workload))
      .filter(({ text }) => text.includes(`plan ${shortOf(String(run.body.plan))}`))
      .map(({ text }) => text)
    if (shown.length === 0) return [`${change.workload} was changed by a plan that no card showed before`]
    if (!fitsTool(change, run)) return [`${run.body.tool} was shown, and it made ${partOf(change, run)} ${change.name}`]
    return expectedLines(change, run, history.changes)
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
  return changes.filter(isOurs)
}

function mentions(text: string, workload: string): boolean {
  return new RegExp(`${workload}(?![\\w-])`).test(text)
}

/** The six digits that people compare. */
function shortOf(digest: string): string {
  const hex = digest.slice(digest.indexOf(':') + 1)
  return `${hex.slice(0, 4)}-${hex.slice(4, 6)}`
}
