import type { Asks } from '../../domain/approval.ts'
import type { Outcome } from '../../domain/incident.ts'
import type { PlanBody } from '../../domain/plan.ts'
import type { CardState } from './state.ts'

/**
 * Every sentence a card can say. For a tired person, on a phone, at night: whole words, no jargon, numbers with units.
 * What comes in as an argument is already made safe to show.
 */

/** What stands before the headline, by state; a plan that takes something back or goes on has its own words. */
export function titleWords(state: CardState, purpose: PlanBody['purpose'], headline: string): string {
  const before =
    purpose === 'fix' || purpose === 'edited' ? titles[state] : (otherTitles[purpose][state] ?? titles[state])
  return before === '' ? headline : `${before} ${headline}`
}

const titles: Record<CardState, string> = {
  looking: '',
  advised: '',
  asked: 'Approve?',
  second: 'One more approval?',
  confirm: 'Confirm?',
  decided: 'Approved:',
  running: 'Working on it:',
  verifying: 'Changed, now watching:',
  fixed: 'Fixed:',
  not_fixed: 'Not fixed:',
  unknown: 'Not known whether it helped:',
  reverted: 'Changed back by something else:',
  failed: 'Failed:',
  partial: 'Stopped half-way:',
  doubt: 'In doubt:',
  rejected: 'Rejected:',
  expired: 'Nobody answered:',
  cleared: 'Cleared by itself:',
  snoozed: 'Snoozed:',
  ignored: 'Ignored:',
  waits: 'Waiting its turn:',
  abandoned: 'Given up:',
  closed: 'Over:',
}

const otherTitles: Record<'undo' | 'rest', Partial<Record<CardState, string>>> = {
  undo: {
    asked: 'Take it back?',
    running: 'Taking it back:',
    verifying: 'Taken back, now watching:',
    fixed: 'Taken back:',
    not_fixed: 'Taken back, still wrong:',
    failed: 'Could not take it back:',
    rejected: 'Not taken back:',
  },
  rest: { asked: 'Approve the rest?', running: 'Working on the rest:' },
}

/** The line above a block: what it is to the reader. */
export const blockHeads = {
  asked: 'RUNS EXACTLY THIS',
  running: 'RUNNING',
  ran: 'RAN',
  stopped: 'STOPPED',
  doubt: 'IN DOUBT',
  unrun: 'DID NOT RUN',
} as const

export const labels = {
  says: 'Alert says',
  seen: 'Seen',
  unconfirmed: 'Not confirmed',
  changed: 'Changed',
  known: 'Known',
  now: 'Now',
  why: 'Why',
  asked: 'Asked',
  edited: 'Changed',
  costs: 'Costs',
  note: 'Note',
  search: 'Search',
  record: 'Record here',
  watched: 'Watched',
  failed: 'Failed',
  diagnosis: 'Diagnosis',
  cause: 'Cause',
  unsure: 'Unsure',
  next: 'Next',
  could: 'Could do',
  compared: 'Compared',
  replyWith: 'Reply to this card with',
  typeHere: 'Type beside Confirm',
} as const

export const buttonWords = {
  approve: '✅ Approve',
  approveFirst: '✅ Approve (1 of 2)',
  approveSecond: '✅ Approve (2 of 2)',
  confirm: '✅ Confirm',
  reject: '✖ Reject',
  modify: '✏ Modify',
  showAll: 'Show every line',
  undo: '↩ Undo',
  rest: 'Plan for the rest',
  again: 'Plan again',
  look: 'Look again',
  checkAgain: 'Check again',
  runAgain: 'Run again',
  abandon: 'Abandon',
  quiet: 'Quiet ▾',
  more: 'More ▾',
  back: '‹ Back',
  ignore: 'Ignore until it ends',
  details: 'Details',
  askCloud: 'Ask Claude',
  taken: "I'm on it",
} as const

export function snoozeWords(minutes: number): string {
  return `Snooze ${minutes / 60} h`
}

export function alertsWords(firing: number, total: number, since: string): string {
  if (total === 0) return `since ${since}`
  if (firing === 0) return `${count(total, 'alert')}, all clear, since ${since}`
  const rest = firing === total ? '' : ` of ${total}`
  return `${firing}${rest} ${total === 1 ? 'alert' : 'alerts'}, since ${since}`
}

export function asksWords(asks: Asks): string {
  if (asks === 'one') return 'asks one operator'
  if (asks === 'two') return 'asks two people, one of them an admin'
  return 'asks one person twice, 60 s apart'
}

export function recordWords(fixed: number, notFixed: number): string {
  if (fixed + notFixed === 0) return 'never tried here before'
  if (notFixed === 0) return `here ${times(fixed)}: it held each time`
  return `here ${times(fixed + notFixed)}: ${fixed} held, ${notFixed} did not`
}

export function howItWentWords(fixed: number, notFixed: number): string {
  return `${fixed} of ${fixed + notFixed} verified`
}

export const sentences = {
  looking: 'Looking at it. A plan, or advice, comes next on this card.',
  noRunbook: 'No runbook fits this alert. Nothing will be done without a person.',
  noPlan: 'No plan came of it. Nothing will be done without a person.',
  frozen: 'Everything is frozen: nothing runs until an admin says /thaw.',
  undoable: 'Can be undone',
  partlyUndoable: 'Can be undone only in part',
  notUndoable: 'Cannot be undone',
  secondWanted: 'a second person must approve too, one of the two an admin',
  adminWanted: 'one of those who approve must be an admin',
  nameAbove: 'the name of the target, as it stands above',
  nothingChanged: 'No step of it is known to have changed anything.',
  doubt: 'The call was sent and no answer came. It may have run, or not. Nothing more runs until you say.',
  cleared: 'The alert cleared before anything ran. The plan was withdrawn.',
  clearedUnplanned: 'The alert cleared before anything ran.',
  expired: 'The question ran out without an answer, and that means no. Nothing ran.',
  rejected: 'Nothing ran.',
  reverted: 'Something else set the value again after our change. Find out what owns it before another try.',
  notFixed: 'The change was made, and the trouble is still there.',
  abandoned: 'Given up by a person. Whether the last call ran is not known.',
  closed: 'Nothing more will be done.',
  contradicted: 'The alert was reported as firing and as over. It counts as firing until one of the two is certain.',
  tooLong: 'The plan is too long for this card. Details has every line, and the Approve button.',
  tooLongForChat: 'The plan is too long for a message. The console shows every line, and asks there.',
  noData: 'What could be seen does not say why.',
  notAProblem: 'Nothing seems to be wrong.',
  sameAnswer: 'The same answer as before.',
  keptHome: 'What it is stays at home. The console shows it, and asks there.',
  untilItEnds: 'Quiet until the alert ends. New alerts like it are added here.',
} as const

export function moreWords(more: number): string {
  return `and ${more} more`
}

export function waitsWords(other: number): string {
  return `#${other} works on the same workload. A fresh plan is made when it is done.`
}

/** What a watch of one must still do; `left` is null when the wait is over. */
export function confirmWords(typed: boolean, left: string | null): string {
  const wait = left === null ? 'now' : `in ${left}`
  return typed ? `the name is right. Press Confirm ${wait}.` : `type the name below, then press Confirm ${wait}.`
}

export function watchingWords(until: string): string {
  return `Watching until ${until}.`
}

export function snoozedWords(until: string): string {
  return `Quiet until ${until}, then it is looked at again.`
}

export function takenWords(person: string): string {
  return `${person} is on it.`
}

export function unusualWords(points: readonly string[]): string {
  const shown = points.slice(0, 6).join(', ')
  return `⚠ the name contains unusual characters: ${points.length > 6 ? `${shown} and more` : shown}`
}

export function footerWords(model: string, passed: number, checks: number, incident: number): string {
  const counted = checks === 0 ? 'no checks yet' : `${passed} of ${checks} ${checks === 1 ? 'check' : 'checks'}`
  return `${model} · ${counted} · #${incident}`
}

export const modelWords = { none: 'no model used', looking: 'a model is looking' } as const

/** US dollars from millionths of one: what cost something is never told as nothing. */
export function dollarWords(microUsd: number): string {
  return microUsd > 0 && microUsd < 10_000 ? 'under $0.01' : `$${(microUsd / 1_000_000).toFixed(2)}`
}

export function causeLabel(index: number): string {
  return `Perhaps ${index + 1}`
}

/** Empty where there is only one cause to plan for. */
export function chooseWords(title: string): string {
  return title === '' ? 'Plan for it' : `Plan: ${title}`
}

export function runbookWords(runbook: string): string {
  return `the runbook ${runbook}`
}

export function droppedWords(claims: number): string {
  return `${count(claims, 'claim')} that no evidence shows ${claims === 1 ? 'was' : 'were'} left out.`
}

export function otherAnswerWords(before: string): string {
  return `before it was: ${before}`
}

export function lookingDeeperWords(progress: string): string {
  return progress === '' ? 'Looking deeper…' : `Looking deeper… ${progress}`
}

/** How an investigation ended that came to no end of its own. */
export const endedWords = {
  concluded: 'Looked deeper.',
  limit: 'Looked as often as it may, without an answer.',
  deadline: 'Looked deeper until the time for it was over.',
  no_model: 'Looked deeper without an answer.',
  cancelled: 'Nobody wanted it any more.',
} as const

/** The title of a card that must say nothing. */
export function keptHomeWords(severity: string): string {
  return `an incident that stays at home (${severity})`
}

export const outcomeWords: Record<Outcome, string> = {
  fixed: 'fixed',
  not_fixed: 'not fixed',
  reverted: 'changed back',
  self_resolved: 'cleared by itself',
  rejected: 'rejected',
  expired: 'not answered',
  ignored: 'ignored',
  in_doubt: 'in doubt',
  abandoned: 'given up',
  advised: 'advice only',
  unknown: 'not known',
}

/** `1 field`, `3 fields`. */
export function count(number: number, thing: string): string {
  return `${number} ${thing}${number === 1 ? '' : 's'}`
}

function times(number: number): string {
  return number === 1 ? 'once' : `${number} times`
}
