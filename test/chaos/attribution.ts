import type { Change, Entry, History } from './history.ts'

/** Whose change it was: the run it belongs to, by its mark or by what its plan was about, and what permitted that run. */

type Records = Pick<History, 'ledger' | 'planned'>

/** The entry of the run that made a change; undefined where nobody owns up to it. */
export function runOf(change: Change, { ledger, planned }: Records): Entry | undefined {
  const ran = ledger.filter(({ kind }) => kind === 'ran')
  if (change.effect !== null) return ran.find(({ body }) => body.effect === change.effect)
  const about = planned.filter(({ tool, target, fields }) =>
    tool === DRAIN
      ? change.deed === 'evict' && fields.includes(`pod chaos/${change.name}`)
      : ENDS.has(tool) && target === change.name,
  )
  return ran.find(({ body }) => about.some(({ plan, action }) => body.plan === plan && body.action === action))
}

const DRAIN = 'kubernetes.drain'
const ENDS: ReadonlySet<string> = new Set(['kubernetes.delete', 'kubernetes.evict_pod'])

export function decisionFor(run: Entry, ledger: readonly Entry[]): Entry | undefined {
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

/** When the approval before this one was given, Unix ms; presses since then were for this one. */
export function decidedBefore(decision: Entry, ledger: readonly Entry[]): number {
  const earlier = ledger.findLast(
    ({ seq, kind, incident, body }) =>
      kind === 'decided' &&
      seq < decision.seq &&
      incident === decision.incident &&
      (body.verdict === 'approved' || body.verdict === 'rejected'),
  )
  return earlier?.at ?? 0
}

/**
 * The part of its action that a change is, each of which an action makes once: most have one, a Job from a CronJob is the
 * mark and the Job, a drain closes its node and evicts each pod.
 */
export function partOf({ deed, kind, name }: Change, run: Entry | undefined): string {
  return deed === 'evict' && run?.body.tool === DRAIN ? `evict ${name}` : `${deed} ${kind}`
}

/** Whether a change is one that the tool which ran makes at all. */
export function fitsTool({ deed, kind }: Change, { body }: Entry): boolean {
  return (MAKES[String(body.tool)] ?? /^change /).test(`${deed} ${kind}`)
}

const MAKES: Readonly<Record<string, RegExp>> = {
  'kubernetes.create_job_from_cronjob': /^(change cronjobs|create jobs)$/,
  'kubernetes.delete': /^delete /,
  'kubernetes.evict_pod': /^evict pods$/,
  [DRAIN]: /^(change nodes|evict pods)$/,
}

/** What takes two people, by name: kept here, so that the agent's own table is not what it is judged by. */
export function takesTwo({ deed }: Change, { body }: Entry): boolean {
  return deed === 'delete' || deed === 'evict' || TWO.has(String(body.tool))
}

const TWO: ReadonlySet<string> = new Set(['kubernetes.apply', 'kubernetes.rollout_undo', DRAIN, ...ENDS])
