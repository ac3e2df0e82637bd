import type { ButtonSpec } from '../../domain/card.ts'
import type { IncidentView } from '../../domain/view.ts'
import { causeButtons, maybeAskCloud } from './diagnosis.ts'
import { type CardState, canUndo, effectOf, isInDoubt } from './state.ts'
import { buttonWords, snoozeWords } from './words.ts'

const quietOpener: ButtonSpec = menu('quiet', buttonWords.quiet)
const moreOpener: ButtonSpec = menu('more', buttonWords.more)
const back: ButtonSpec = menu('none', buttonWords.back)
const details: ButtonSpec = { verb: 'details', subject: '', label: buttonWords.details }

/** The keyboard by state. `offered`: the whole of what would run is in sight, so it may be approved here. */
export function rowsOf(view: IncidentView, state: CardState, offered: boolean): ButtonSpec[][] {
  const open = view.incident.menu === 'details'
  const decisions = decisionsOf(view, state, offered)
  const causes = offersCauses.has(state) && !isInDoubt(view) ? causeButtons(view, state).map((button) => [button]) : []
  const openers = open
    ? [back]
    : [...modifyOf(view, state), ...(quietOf(view, state).length > 0 ? [quietOpener] : []), moreOpener]
  return [...decisions, ...causes, openers].filter((row) => row.length > 0)
}

/** What "Quiet" opens, without the way back to the card. Where a call is in doubt, people are asked, and not left in peace. */
export function quietOf(view: IncidentView, state: CardState): ButtonSpec[] {
  if (!quietable.has(state) || view.incident.status === 'closed' || isInDoubt(view)) return []
  const ignore: ButtonSpec = { verb: 'ignore', subject: '', label: buttonWords.ignore }
  return state === 'ignored'
    ? [snooze(60), snooze(480)]
    : state === 'snoozed'
      ? [ignore]
      : [ignore, snooze(60), snooze(480)]
}

/** What "More" opens, without the way back to the card. */
export function moreOf(view: IncidentView, state: CardState): ButtonSpec[] {
  const taken: ButtonSpec = { verb: 'taken', subject: '', label: buttonWords.taken }
  const cloud = maybeAskCloud(view)
  return view.incident.takenBy !== null || ended.has(state) ? [details, ...cloud] : [details, ...cloud, taken]
}

/** The way back to the card, which closes every menu. */
export function backButton(): ButtonSpec {
  return back
}

/** Where another cause may still be planned for. */
const offersCauses = new Set<CardState>([
  'advised',
  'asked',
  'not_fixed',
  'unknown',
  'reverted',
  'failed',
  'rejected',
  'expired',
])
const quietable = new Set<CardState>([
  'looking',
  'advised',
  'asked',
  'second',
  'confirm',
  'not_fixed',
  'unknown',
  'reverted',
  'failed',
  'rejected',
  'expired',
  'snoozed',
  'ignored',
  'waits',
])
const ended = new Set<CardState>(['fixed', 'cleared', 'closed', 'abandoned'])

function decisionsOf(view: IncidentView, state: CardState, offered: boolean): ButtonSpec[][] {
  const { plan, approval } = view
  // Once it is over there is nothing left to plan for; what was done may still be taken back.
  const over = view.incident.status === 'closed'
  const again: ButtonSpec[] = over ? [] : [{ verb: 'again', subject: '', label: buttonWords.again }]
  const undo: ButtonSpec[] = plan && canUndo(view) ? [{ verb: 'undo', subject: plan.id, label: buttonWords.undo }] : []
  switch (state) {
    case 'asked':
    case 'second':
    case 'confirm': {
      if (!approval) return []
      const reject: ButtonSpec = { verb: 'reject', subject: approval.id, label: buttonWords.reject }
      return [[offered ? yes(approval.id, approval.asks, state) : { ...details, label: buttonWords.showAll }, reject]]
    }
    case 'verifying':
      return [undo]
    case 'fixed':
      return [undo]
    case 'not_fixed':
    case 'unknown':
      return [[...again, ...undo]]
    case 'failed':
    case 'reverted':
    case 'rejected':
    case 'expired':
      return [again]
    case 'partial': {
      const rest: ButtonSpec[] = plan ? [{ verb: 'rest', subject: plan.id, label: buttonWords.rest }] : []
      return [[...undo, ...rest]]
    }
    case 'doubt': {
      const effect = effectOf(view, 'in_doubt')
      if (!effect) return []
      const of = (verb: ButtonSpec['verb'], label: string): ButtonSpec => ({ verb, subject: effect.id, label })
      return [
        [of('check_again', buttonWords.checkAgain), of('run_again', buttonWords.runAgain)],
        [of('abandon', buttonWords.abandon)],
      ]
    }
    case 'advised':
    case 'snoozed':
    case 'ignored':
      return [again.map((button) => ({ ...button, label: buttonWords.look }))]
    default:
      return []
  }
}

/** A plan that waits, and of which nothing has begun, may be changed. What takes a change back is what it is. */
function modifyOf({ plan, approval, effects }: IncidentView, state: CardState): ButtonSpec[] {
  if (!plan || !approval || plan.body.purpose === 'undo') return []
  const waits = state === 'asked' || state === 'second' || state === 'confirm'
  const begun = effects.some(({ planId }) => planId === plan.id)
  return waits && !begun ? [{ verb: 'modify', subject: plan.id, label: buttonWords.modify }] : []
}

function yes(approval: string, asks: 'one' | 'two' | 'self_two', state: CardState): ButtonSpec {
  if (state === 'confirm') return { verb: 'confirm', subject: approval, label: buttonWords.confirm }
  const two = state === 'second' ? buttonWords.approveSecond : buttonWords.approveFirst
  return { verb: 'approve', subject: approval, label: asks === 'two' ? two : buttonWords.approve }
}

function menu(which: 'quiet' | 'more' | 'none', label: string): ButtonSpec {
  return { verb: 'menu', subject: '', label, params: { menu: which } }
}

function snooze(minutes: number): ButtonSpec {
  return { verb: 'snooze', subject: '', label: snoozeWords(minutes), params: { minutes } }
}
