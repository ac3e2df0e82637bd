import type { Effect } from '../../domain/effect.ts'
import type { Action } from '../../domain/plan.ts'
import type { IncidentView } from '../../domain/view.ts'

/** Every way a card can stand; what it says and offers follows from this alone. */
export type CardState =
  | 'looking'
  | 'advised'
  | 'asked'
  | 'second'
  | 'confirm'
  | 'decided'
  | 'running'
  | 'verifying'
  | 'fixed'
  | 'not_fixed'
  | 'unknown'
  | 'reverted'
  | 'failed'
  | 'partial'
  | 'doubt'
  | 'rejected'
  | 'expired'
  | 'cleared'
  | 'snoozed'
  | 'ignored'
  | 'waits'
  | 'abandoned'
  | 'closed'

/** Reads off the records how an incident stands. An effect in doubt outranks everything: nobody knows what happened. */
export function stateOf(view: IncidentView): CardState {
  const { incident } = view
  if (incident.status === 'closed') return endOf(view)
  // Another attempt that is asked for is decided on the card of that question.
  if (isInDoubt(view) && incident.status !== 'waiting') return 'doubt'
  switch (incident.status) {
    case 'snoozed':
    case 'ignored':
    case 'running':
    case 'verifying':
      return incident.status
    case 'waiting':
      return asking(view)
    case 'watching':
      return resting(view)
    case 'open':
      return incident.waitsFor === null ? 'looking' : 'waits'
  }
}

/**
 * The attempt that counts at each action of the plan, in the plan's order; undefined where none was begun. It is the newest, but
 * for one that was never started after one in doubt.
 */
export function attempts(view: IncidentView): { action: Action; effect: Effect | undefined }[] {
  const plan = view.plan
  if (!plan) return []
  return plan.body.actions.map((action) => {
    const own = view.effects.filter(({ planId, action: index }) => planId === plan.id && index === action.index)
    const [newest, ...earlier] = own.sort((a, b) => b.attempt - a.attempt)
    const begun = newest?.startedAt === null && earlier.find(({ status }) => status === 'in_doubt')
    return { action, effect: begun || newest }
  })
}

/** Whether a call may have run, or not, and nobody has given it up. */
export function isInDoubt(view: IncidentView): boolean {
  return effectOf(view, 'in_doubt')?.finishedAt === null && view.incident.outcome !== 'abandoned'
}

/** The first action's effect of the plan that stands in a status. */
export function effectOf(view: IncidentView, status: Effect['status']): Effect | undefined {
  return attempts(view).find(({ effect }) => effect?.status === status)?.effect
}

/** Whether what was done can be taken back: something was, all of it has a way back, and it is no way back itself. */
export function canUndo(view: IncidentView): boolean {
  const done = attempts(view).filter(({ effect }) => effect?.status === 'done')
  const known = !effectOf(view, 'in_doubt') && !effectOf(view, 'started')
  const undoable = done.every(({ action }) => action.undoable && 'tool' in action.wayBack)
  return done.length > 0 && known && undoable && view.plan?.body.purpose !== 'undo'
}

function asking({ approval, votes, incident }: IncidentView): CardState {
  if (incident.waitsFor !== null) return 'waits'
  if (!approval) return 'looking'
  if (approval.status === 'expired' || approval.status === 'rejected') return approval.status
  if (approval.status === 'approved') return 'decided'
  if (approval.status !== 'pending') return 'looking'
  if (!votes.some(({ verdict }) => verdict === 'approve')) return 'asked'
  if (approval.asks === 'two') return 'second'
  return approval.asks === 'self_two' ? 'confirm' : 'asked'
}

function resting(view: IncidentView): CardState {
  const { incident, approval } = view
  if (incident.waitsFor !== null) return 'waits'
  if (incident.outcome === 'reverted' || incident.outcome === 'not_fixed') {
    return broken(view) ?? incident.outcome
  }
  if (broken(view)) return broken(view) ?? 'failed'
  if (incident.outcome === 'abandoned' || incident.outcome === 'fixed' || incident.outcome === 'unknown')
    return incident.outcome
  if (incident.outcome === 'expired' || approval?.status === 'expired') return 'expired'
  if (incident.outcome === 'rejected' || approval?.status === 'rejected') return 'rejected'
  return 'advised'
}

/** Which way the plan stopped before its end; undefined when all of it ran, or nothing. */
function broken(view: IncidentView): 'failed' | 'partial' | undefined {
  const [done, skipped] = [effectOf(view, 'done'), effectOf(view, 'skipped')]
  if (!effectOf(view, 'failed')) return done && skipped ? 'partial' : undefined
  return done || skipped ? 'partial' : 'failed'
}

function endOf(view: IncidentView): CardState {
  switch (view.incident.outcome) {
    case 'fixed':
    case 'reverted':
    case 'rejected':
    case 'expired':
    case 'abandoned':
    case 'unknown':
    case 'ignored':
      return view.incident.outcome === 'ignored' ? 'closed' : view.incident.outcome
    case 'not_fixed':
      return broken(view) ?? 'not_fixed'
    case 'self_resolved':
      return 'cleared'
    case 'in_doubt':
    case 'advised':
    case null:
      return 'closed'
  }
}
