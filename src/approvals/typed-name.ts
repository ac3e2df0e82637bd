import type { Approval } from '../domain/approval.ts'
import { type Action, calledTarget } from '../domain/plan.ts'
import { castVote, findApproval } from './approval-store.ts'
import type { Pressing } from './desk.ts'
import { findPlan } from './plan-store.ts'

/**
 * Takes a target's name typed in the chat as the middle step of a watch of one. `replyTo`: the incident whose card it answers.
 * `missed` is a text that was meant as the name and is not; undefined where nothing of this person waits for a name, or the
 * text is about something else.
 */
export async function typedName(
  { tx, person, announcer }: Omit<Pressing, 'button' | 'press'>,
  text: string,
  replyTo: number | null = null,
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
    const isReply = approval.incidentId === replyTo
    if (!typed && isNearMiss(text, wantedName(plan.body.actions, approval), isReply)) missed = true
  }
  return missed ? 'missed' : undefined
}

/** Whether a text is the name of what the approval covers, alone or as the block on the card has it: `radarr`, `media/radarr`. */
export function namesTarget(typed: string, actions: readonly Action[], approval: Approval): boolean {
  const text = typed.trim()
  return covered(actions, approval).some(({ target }) => text === target.name || text === calledTarget(target))
}

/** The name that is asked for. */
export function wantedName(actions: readonly Action[], approval: Approval): string {
  return covered(actions, approval)[0]?.target.name ?? ''
}

function covered(actions: readonly Action[], approval: Approval): Action[] {
  return actions.filter(({ index }) => approval.actions.includes(index))
}

/** More words than this are talk, or a question. */
const MOST_WORDS = 3

/** Whether a text was meant as the name: one word in answer to the card, or the name within a few words or in other letters. */
function isNearMiss(text: string, wanted: string, isReply: boolean): boolean {
  const words = text.trim().split(/\s+/)
  if (words.length > MOST_WORDS || text.includes('?')) return false
  return (isReply && words.length === 1) || bare(text).includes(bare(wanted))
}

function bare(text: string): string {
  return text.toLowerCase().replace(/[^\p{L}\p{N}]+/gu, '')
}
