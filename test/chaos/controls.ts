import { type Context, countOf, inLane, type Tally } from './fault.ts'
import { lapsed } from './faults/f3.ts'
import { cutOff, PLACES } from './faults/f15.ts'
import { type guards, staleGuards } from './guards.ts'
import type { Lane } from './lane.ts'
import {
  approvedAndFixed,
  changedBehindTheCard,
  killedAfterTheAnswer,
  killedAfterTheCall,
  killedAfterTheEviction,
  killedInTheGraph,
  pressedByAViewer,
  telegramFailsAtTheEnd,
} from './stories.ts'
import { type Findings, type judgeLane, PERMISSION } from './verdict.ts'

/** A story, the guard that keeps it well, and the count that rises when that guard is off. */
interface Control {
  guard: keyof typeof guards & string
  /** Told beside the guard where several stories rest on it. */
  of?: string
  counts: keyof Findings
  story: (lane: Lane) => Promise<unknown>
  judging?: Parameters<typeof judgeLane>[1]
  env?: Record<string, string>
}

const NO_POLL = { ALERTMANAGER_URL: '' }

const controls: readonly Control[] = [
  { guard: 'acknowledge after the commit', counts: 'lost', story: killedAfterTheAnswer, env: NO_POLL },
  { guard: 'a started call is never made again blindly', counts: 'doubled', story: killedAfterTheCall },
  {
    guard: 'a started call is never made again blindly',
    of: 'what leaves no mark',
    counts: 'doubled',
    story: killedAfterTheEviction,
  },
  {
    guard: 'only the holder of the lease starts anything',
    counts: 'doubled',
    story: (lane) => cutOff(lane, 'process stopped', PLACES.afterTheLastLook),
  },
  {
    guard: 'a permission runs out',
    counts: 'unapproved',
    story: lapsed,
    judging: { permission: { ...PERMISSION, authorizationMs: 2_500 } },
  },
  { guard: 'only people of the role decide', counts: 'unapproved', story: pressedByAViewer },
  { guard: 'what runs is what was shown', counts: 'mismatched', story: changedBehindTheCard },
  { guard: 'a message that was not sent is sent again', counts: 'untold', story: telegramFailsAtTheEnd },
  { guard: 'each entry has the hash of the one before', counts: 'chain', story: approvedAndFixed },
  { guard: 'what a kill left lying is found', counts: 'unresolved', story: killedInTheGraph, env: NO_POLL },
]

export interface ControlReport {
  controls: Record<string, number>
  tries: Record<string, number>
  problems: string[]
}

const TRIES = 2

/**
 * For every count that has to be 0: the same story with its guard in place, where it is 0, and in a test build with that guard
 * off, where it must not be. A control that stays at 0 means that the count cannot be trusted.
 */
export async function runControls(context: Context, tally: Tally): Promise<ControlReport> {
  const problems = staleGuards()
  const report: ControlReport = { controls: {}, tries: {}, problems }
  if (problems.length > 0) return report
  await Promise.all(controls.map((control) => runControl(context, tally, control, report)))
  return report
}

async function runControl(context: Context, tally: Tally, control: Control, report: ControlReport): Promise<void> {
  const { guard, of, counts, story, judging, env } = control
  const told = of === undefined ? guard : `${guard}: ${of}`
  const name = told.replaceAll(' ', '-').replace(':', '')
  const [on, ...off] = await Promise.all([
    inLane(context, `with-${name}`, story, { ...(env && { env }), ...(judging && { judging }) }),
    ...Array.from({ length: TRIES }, () =>
      inLane(context, `without-${name}`, story, {
        guard,
        ...(env && { env }),
        judging: { ...judging, settleMs: counts === 'unresolved' ? 20_000 : 4_000 },
      }),
    ),
  ])
  report.problems.push(...tally.add(on).problems)
  report.controls[told] = off.reduce((sum, { findings }) => sum + countOf(findings, counts), 0)
  report.tries[told] = TRIES
  if (report.controls[told] === 0) {
    const said = off.flatMap(({ problems }) => problems)[0]
    report.problems.push(`with "${told}" off, ${counts} stays 0${said === undefined ? '' : ` (${said})`}`)
  }
  context.log(`control "${told}": ${counts} ${report.controls[told]} in ${TRIES} tries`)
}
