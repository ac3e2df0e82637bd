import { pendingApproval } from '../approvals/approval-store.ts'
import { effectsOf } from '../approvals/plan-store.ts'
import { writeLedger } from '../autonomy/ledger.ts'
import type { Incident } from '../domain/incident.ts'
import type { JsonObject } from '../domain/json.ts'
import { actorOf, atLeast, type Person } from '../domain/person.ts'
import type { Announcer } from '../incidents/announce.ts'
import { lockIncident } from '../incidents/incident-rows.ts'
import { happened } from '../incidents/move.ts'
import { wake } from '../incidents/wake.ts'
import { json, type SqlOrTx, type Tx } from '../storage/postgres.ts'
import type { Queue } from '../storage/queue.ts'

/** Why what a person wants done is not even proposed, in a sentence for them; undefined when it is. */
export function whyNotTaken(person: Person | undefined, incident: Incident | undefined): string | undefined {
  if (!person) return 'You are not on the list of people any more, so I propose nothing for you.'
  if (!atLeast(person.role, 'operator'))
    return 'You may ask, but not have things done: your role is viewer. An operator can ask me for this.'
  if (!incident)
    return 'What I do belongs to an incident. Ask in reply to a card, or name one: /ask #12 … (/incidents lists what is open).'
  if (incident.status === 'closed') return `#${incident.id} is over, so there is nothing to propose for it.`
  if (incident.status === 'watching' && incident.outcome === 'in_doubt') return inDoubtWords(incident.id)
  if (incident.status === 'running' || incident.status === 'verifying')
    return `A plan for #${incident.id} is under way. Ask again when it is over.`
  return undefined
}

function inDoubtWords(incident: number): string {
  return `Whether the last step of #${incident} took place is not known. Say that on its card first, then ask again.`
}

/** Another attempt that is asked for is a question about one in doubt: until that is settled, nothing else is planned. */
async function whyNotPlanned(tx: Tx, incident: number): Promise<string | undefined> {
  const asked = await pendingApproval(tx, incident)
  return asked && asked.attempt > 1 ? inDoubtWords(incident) : undefined
}

/** Why a plan cannot be changed now, in a sentence; undefined while it waits and nothing of it has begun. */
export async function whyNotChanged(sql: SqlOrTx, incident: number, plan: string): Promise<string | undefined> {
  const approval = await pendingApproval(sql, incident)
  if (approval?.planId !== plan) return 'This plan does not wait for an answer any more. Use the newest card.'
  const begun = await effectsOf(sql, plan)
  return begun.length > 0 ? 'This plan has begun already. Reject what is left, and ask for a new plan.' : undefined
}

export interface Wish {
  incident: number
  person: Person
  verb: 'choose' | 'modify'
  params: JsonObject
}

/**
 * Puts a wish before the graph, as a press on the card would: it proposes a new round, and asks. Nothing is approved by it.
 * Where its moment has passed it does nothing, and answers why in a sentence: that is read under the incident's lock, which a
 * verdict takes as well.
 */
export async function putToGraph(
  tx: Tx,
  { queue, announcer }: { queue: Queue; announcer: Announcer },
  { incident: id, person, verb, params }: Wish,
): Promise<string | undefined> {
  const incident = await lockIncident(tx, id)
  const late =
    verb === 'modify'
      ? await whyNotChanged(tx, id, String(params.plan))
      : (whyNotTaken(person, incident) ?? (await whyNotPlanned(tx, id)))
  if (late !== undefined) return late
  // Words are about what there is now: a round that is begun meanwhile does not take them up.
  const asked = verb === 'choose' ? { ...params, round: incident.round } : params
  await tx`
    insert into requests (incident_id, verb, params, by) values (${id}, ${verb}, ${json(tx, asked)}, ${person.name})`
  await happened(tx, {
    incident: id,
    round: incident.round,
    name: verb === 'choose' ? 'plan asked' : 'plan edited',
    actor: actorOf(person),
  })
  await wake(tx, queue, [id])
  await announcer.card(tx, [id])
  await writeLedger(tx, [
    { kind: 'decided', incident: id, body: { verb, by: person.name, round: incident.round, channel: 'conversation' } },
  ])
  return undefined
}
