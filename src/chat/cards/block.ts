import type { Effect } from '../../domain/effect.ts'
import { type Action, calledTarget, shortDigest, type Target } from '../../domain/plan.ts'
import type { IncidentView } from '../../domain/view.ts'
import { diffValue, otherArguments, preconditionWords, wayBackWords } from './arguments.ts'
import { name, prose, unusual } from './clean.ts'
import { doneMeans } from './conditions.ts'
import { attempts, type CardState } from './state.ts'
import { blockHeads, count, unusualWords } from './words.ts'

export interface Block {
  lines: string[]
  /** Whether every line that matters is in it; an approval is asked for only beside a whole one. */
  whole: boolean
}

/** More than this is never listed, even of a block that is summed up; the rest is counted. */
const listedAtMost = 2_600

const headOf: Partial<Record<CardState, keyof typeof blockHeads>> = {
  asked: 'asked',
  second: 'asked',
  confirm: 'asked',
  decided: 'running',
  running: 'running',
  verifying: 'ran',
  fixed: 'ran',
  not_fixed: 'ran',
  unknown: 'ran',
  reverted: 'ran',
  failed: 'stopped',
  partial: 'stopped',
  doubt: 'doubt',
  rejected: 'unrun',
  expired: 'unrun',
  cleared: 'unrun',
  abandoned: 'doubt',
  closed: 'ran',
}

/**
 * What would run, or ran, to the letter. Longer than `room` characters it becomes a list of all actions with tool, target
 * and the number of changed fields: it is never cut in the middle. Null where there is nothing to show.
 */
export function blockOf(view: IncidentView, state: CardState, room: number): Block | null {
  const { plan, approval } = view
  const kind = headOf[state]
  if (!plan || !kind) return null
  if (kind === 'ran' && !attempts(view).some(({ effect }) => effect)) return null
  const asked = kind === 'asked' && approval ? approval.actions : null
  const head = `${blockHeads[kind]} · plan ${shortDigest(plan.digest)}${stepWords(asked, plan.body.actions.length)}`
  const body = asked
    ? askedLines(view, asked)
    : attempts(view).flatMap(({ action, effect }) => ranLines(action, kind === 'unrun' ? undefined : effect))
  const whole = [head, ...body]
  return lengthOf(whole) <= room
    ? { lines: whole, whole: true }
    : { lines: [head, ...listed(view, asked)], whole: false }
}

/** The number of characters of lines set one under another. */
export function lengthOf(lines: readonly string[]): number {
  return lines.reduce((sum, line) => sum + line.length + 1, 0)
}

/** The target as people name it, to the letter. */
function placeOf({ kind, namespace, name: own }: Target): string {
  return calledTarget({ kind, namespace: namespace === null ? null : name(namespace), name: name(own) })
}

function stepWords(asked: readonly number[] | null, all: number): string {
  if (!asked || asked.length === all) return ''
  return ` · step ${asked.map((index) => index + 1).join(', ')} of ${all}`
}

function askedLines({ plan }: IncidentView, asked: readonly number[]): string[] {
  if (!plan) return []
  const { actions, verify } = plan.body
  const covered = actions.filter(({ index }) => asked.includes(index))
  const earlier = actions.filter(({ index }) => index < Math.min(...asked))
  const later = actions.filter(({ index }) => index > Math.max(...asked))
  return [
    ...covered.flatMap(actionLines),
    ...earlier.map((action) => `asked before: ${headingOf(action)}`),
    ...later.map((action) => `later, asked again: ${headingOf(action)}`),
    `Done means: ${doneMeans(verify)}`,
  ]
}

/** One action, to the letter. */
export function actionLines(action: Action): string[] {
  const bound = preconditionWords(action.arguments, false)
  return [
    headingOf(action),
    ...warningLines(action),
    ...diffLines(action),
    ...otherArguments(action).map(({ path, value }) => `  ${path}: ${value}`),
    ...(bound === undefined ? [] : [`  only if unchanged: ${bound}`]),
    ...(action.dryRun === '' ? [] : [`Dry run: ${prose(action.dryRun, 200)}`]),
    `Way back: ${wayBackWords(action)}${'tool' in action.wayBack ? ', asked again before it runs' : ''}`,
  ]
}

function diffLines({ diff }: Action): string[] {
  return diff.flatMap(({ field, from, to }) => [
    ...(from === null ? [] : [`  - ${name(field)}: ${diffValue(from)}`]),
    ...(to === null ? [] : [`  + ${name(field)}: ${diffValue(to)}`]),
  ])
}

function warningLines(action: Action): string[] {
  const odd = unusual(
    [action.tool, action.target.namespace ?? '', action.target.name, JSON.stringify(action.arguments)].join(''),
  )
  return [
    ...(odd.length === 0 ? [] : [`  ${unusualWords(odd)}`]),
    ...(action.gitops === null ? [] : [`  ⚠ owned by GitOps: ${prose(action.gitops, 120)}`]),
    ...action.warnings.map((warning) => `  ⚠ ${prose(warning, 160)}`),
  ]
}

function ranLines(action: Action, effect: Effect | undefined): string[] {
  return [`${headingOf(action)}${effect ? ` · ${statusWords[effect.status]}` : ''}`, ...diffLines(action)]
}

const statusWords: Record<Effect['status'], string> = {
  planned: 'next',
  started: 'running',
  done: 'done ✓',
  failed: 'failed ✗',
  in_doubt: 'not known ?',
  skipped: 'skipped',
}

function listed(view: IncidentView, asked: readonly number[] | null): string[] {
  const all = attempts(view).filter(({ action }) => !asked || asked.includes(action.index))
  const lines: string[] = []
  for (const [at, { action, effect }] of all.entries()) {
    const changed = count(action.diff.length, 'changed field')
    const line = `${headingOf(action)} (${changed}${effect && !asked ? `, ${statusWords[effect.status]}` : ''})`
    if (lengthOf([...lines, line]) > listedAtMost) return [...lines, `and ${count(all.length - at, 'more action')}`]
    lines.push(line)
  }
  return lines
}

function headingOf({ index, tool, target }: Action): string {
  return `${index + 1} ${name(tool)} ${placeOf(target)}`
}
