import type { Approval } from '../domain/approval.ts'
import { type Action, calledTarget } from '../domain/plan.ts'
import { castVote, findApproval } from './approval-store.ts'
import type { Pressing } from './desk.ts'
import { findPlan } from './plan-store.ts'

/** Where a text was said, beside the chat. */
export interface Said {
  /** The incident whose card it answers. */
  replyTo?: number | null
  /** What it says to us, where it is meant for us whatever waits: then it may be a question or a request as well. */
  toUs?: string | undefined
}

/**
 * Takes a target's name typed in the chat as the middle step of a watch of one. `missed` is a text that was meant as the name and
 * is not; undefined where nothing of this person waits for a name, or the text is about something else.
 */
export async function typedName(
  { tx, person, announcer }: Omit<Pressing, 'button' | 'press'>,
  text: string,
  { replyTo = null, toUs }: Said = {},
): Promise<'right' | 'missed' | undefined> {
  const waiting = await tx<{ id: string; typed: boolean }[]>`
    select a.id, exists (
        select from votes t where t.approval_id = a.id and t.person = v.person and t.verdict = 'typed') as typed
    from approvals a join votes v on v.approval_id = a.id
    where a.status = 'pending' and a.asks = 'self_two' and v.person = ${person.name} and v.verdict = 'approve'
      and a.expires_at > watch_now()`
  let missed = false
  for (const { id, typed } of waiting) {
    const approval = await findApproval(tx, id)
    const plan = approval && (await findPlan(tx, approval.planId))
    if (!approval || !plan) continue
    if (namesTarget(text, plan.body.actions, approval)) {
      await castVote(tx, id, { person: person.name, role: person.role, verdict: 'typed' })
      await announcer.card(tx, [approval.incidentId])
      return 'right'
    }
    const meant = approval.incidentId === replyTo ? 'this' : toUs === undefined ? 'nobody' : 'us'
    if (!typed && isNearMiss(toUs ?? text, plan.body.actions, approval, meant)) missed = true
  }
  return missed ? 'missed' : undefined
}

/** Whether a text is the name of what the approval covers, alone or as the block on the card has it: `radarr`, `media/radarr`. */
export function namesTarget(typed: string, actions: readonly Action[], approval: Approval): boolean {
  return namesOf(actions, approval).includes(typed.trim())
}

/** The name that is asked for. */
export function wantedName(actions: readonly Action[], approval: Approval): string {
  return covered(actions, approval)[0]?.target.name ?? ''
}

function namesOf(actions: readonly Action[], approval: Approval): string[] {
  return covered(actions, approval).flatMap(({ target }) => [target.name, calledTarget(target)])
}

function covered(actions: readonly Action[], approval: Approval): Action[] {
  return actions.filter(({ index }) => approval.actions.includes(index))
}

/** More words than this are talk, or a question. */
const MOST_WORDS = 3

/**
 * Whether a text was meant as the name: the name but for case, spaces and punctuation; one word in answer to `this` card; or the
 * name within a few words, unless they are said to `us`, for then they may ask for something, such as to restart it.
 */
function isNearMiss(
  text: string,
  actions: readonly Action[],
  approval: Approval,
  meant: 'this' | 'us' | 'nobody',
): boolean {
  const words = text.trim().split(/\s+/)
  if (words.length > MOST_WORDS || text.includes('?')) return false
  if (meant === 'this' && words.length === 1) return true
  if (meant === 'us') return namesOf(actions, approval).some((name) => bare(name) === bare(text))
  return bare(text).includes(bare(wantedName(actions, approval)))
}

function bare(text: string): string {
  return text.toLowerCase().replace(/[^\p{L}\p{N}]+/gu, '')
}
