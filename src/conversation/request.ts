import { writeLedger } from '../autonomy/ledger.ts'
import type { Incident } from '../domain/incident.ts'
import type { JsonObject } from '../domain/json.ts'
import { actorOf, atLeast, type Person } from '../domain/person.ts'
import type { Announcer } from '../incidents/announce.ts'
import { findIncident } from '../incidents/incident-rows.ts'
import { happened } from '../incidents/move.ts'
import { wake } from '../incidents/wake.ts'
import { json, type Tx } from '../storage/postgres.ts'
import type { Queue } from '../storage/queue.ts'

/** Why what a person wants done is not even proposed, in a sentence for them; undefined when it is. */
export function whyNotTaken(person: Person | undefined, incident: Incident | undefined): string | undefined {
  if (!person) return 'You are not on the list of people any more, so I propose nothing for you.'
  if (!atLeast(person.role, 'operator'))
    return 'You may ask, but not have things done: your role is viewer. An operator can ask me for this.'
  if (!incident)
    return 'What I do belongs to an incident. Ask in reply to a card, or name one: /ask #12 … (/incidents lists what is open).'
  if (incident.status === 'closed') return `#${incident.id} is over, so there is nothing to propose for it.`
  return undefined
}

export interface Wish {
  incident: number
  person: Person
  verb: 'choose' | 'modify'
  params: JsonObject
}

/**
 * Puts a wish before the graph, as a press on the card would: it proposes a new round, and asks. Nothing is approved by it.
 * Does nothing where the incident is over by now.
 */
export async function putToGraph(
  tx: Tx,
  { queue, announcer }: { queue: Queue; announcer: Announcer },
  { incident: id, person, verb, params }: Wish,
): Promise<void> {
  const incident = await findIncident(tx, id)
  if (!incident || incident.status === 'closed') return
  await tx`
    insert into requests (incident_id, verb, params, by) values (${id}, ${verb}, ${json(tx, params)}, ${person.name})`
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
}
