import type { Person } from '../domain/person.ts'
import type { PressAnswer } from '../domain/press.ts'
import { ANSWERS_CHANNEL } from '../incidents/wake.ts'
import { pendingApproval } from './approval-store.ts'
import type { Pressing } from './desk.ts'
import { findPlan } from './plan-store.ts'

/** What a person wants otherwise in a plan that waits: pairs such as `memory=2Gi`, or words. */
export interface EditWanted {
  incident: number
  /** Null: the plan says it. */
  round: number | null
  plan: string
  person: Person
  text: string
}

/**
 * Modify: what was typed beside the button is taken at once; in a chat the person is asked for a reply. The plan itself goes on
 * waiting, and may be approved as it is, until the edited one takes its place.
 */
export async function modify({ tx, button, press, person, editing }: Pressing): Promise<PressAnswer> {
  const plan = await findPlan(tx, button.subject)
  const approval = await pendingApproval(tx, button.incident)
  if (!plan || approval?.planId !== plan.id)
    return { text: 'This plan does not wait for an answer any more. Use the newest card.', alert: true }
  if (!editing) return { text: 'Plans cannot be changed here. Reject this one, or approve it as it is.', alert: true }
  const text = press.typed?.trim() ?? ''
  if (text !== '') {
    const { round } = plan.body
    const refused = await editing(tx, { incident: button.incident, round, plan: plan.id, person, text })
    return { text: refused ?? 'I look at it, and ask again with the new plan.', alert: refused !== undefined }
  }
  if (!press.place)
    return { text: 'Type what to change beside the button, such as memory=2Gi, and press it again.', alert: true }
  const { chatId, threadId, messageId } = press.place
  await tx`
    insert into edits_wanted (incident_id, plan_id, person, chat_id, thread_id, card_message)
    values (${button.incident}, ${plan.id}, ${person.name}, ${chatId}, ${threadId}, ${messageId})
    on conflict (plan_id, person) do update set asked_at = null, created_at = watch_now()
      where edits_wanted.asked_at < watch_now() - interval '1 minute'`
  await tx`select pg_notify(${ANSWERS_CHANNEL}, '')`
  return { text: 'Reply to my message with what to change.', alert: false }
}
