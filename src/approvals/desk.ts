import { writeLedger } from '../autonomy/ledger.ts'
import type { Verb } from '../domain/approval.ts'
import { actorOf, atLeast, type Person } from '../domain/person.ts'
import type { ApprovalDesk, Press, PressAnswer } from '../domain/press.ts'
import type { Announcer } from '../incidents/announce.ts'
import { findIncident, lockIncident } from '../incidents/incident-rows.ts'
import { happened } from '../incidents/move.ts'
import { wake } from '../incidents/wake.ts'
import { inTransaction, json, type Sql, type Tx } from '../storage/postgres.ts'
import type { Queue } from '../storage/queue.ts'
import { findButton, type KnownButton, useButton } from './buttons.ts'
import { type EditWanted, modify } from './modify.ts'
import { guard } from './place.ts'
import { isLockedOut, refusePress, tellLockout, UNKNOWN_BUTTON } from './refusals.ts'
import { verdictOn } from './verdict.ts'

export interface DeskOptions {
  authorizationTtlMs: number
  /** The people as configured now: a role is read when it is used. */
  people: () => readonly Person[]
}

export interface DeskDeps {
  sql: Sql
  queue: Queue
  announcer: Announcer
  options: DeskOptions
  /** Takes what a person typed about a plan; without it plans are taken or left as they are. */
  editing?: (tx: Tx, wanted: EditWanted) => Promise<string | undefined>
  /** Has the cloud asked about an incident, in the press's transaction; answers what people are told. Absent without a key. */
  askCloud?: (tx: Tx, asked: { incident: number; by: string }) => Promise<string>
}

/** A press with what it needs to be carried out, in its transaction. */
export interface Pressing extends DeskDeps {
  tx: Tx
  press: Press
  person: Person
  button: KnownButton
}

/**
 * Takes presses: one transaction each, with the update's id, the compare-and-set on what is decided, the ledger entry and
 * the job that moves the graph. Whoever comes second is told who came first.
 */
export function approvalDesk(deps: DeskDeps): ApprovalDesk {
  return {
    press: (press) =>
      inTransaction(deps.sql, async (tx) => {
        const { updateId } = press
        if (updateId === undefined) return await take(deps, tx, press)
        const taken = await tx`insert into updates (update_id) values (${updateId}) on conflict do nothing`
        if (taken.count === 0) return await answerBefore(tx, updateId)
        const answer = await take(deps, tx, press)
        await tx`update updates set answer = ${answer.text} where update_id = ${updateId}`
        return answer
      }),
  }
}

/** What was said to this update when it came first: its answer may never have arrived. */
async function answerBefore(tx: Tx, updateId: number): Promise<PressAnswer> {
  const [row] = await tx<{ answer: string | null }[]>`select answer from updates where update_id = ${updateId}`
  return { text: row?.answer ?? '', alert: false }
}

async function take(deps: DeskDeps, tx: Tx, press: Press): Promise<PressAnswer> {
  const { person } = press
  if (!person)
    return refusePress(tx, press, 'not on the list of people', 'You are not on the list of people who may decide here.')
  if (await isLockedOut(tx, press.actor)) {
    // Of many guesses at once none may have seen that it was the last.
    await tellLockout(tx, deps.announcer, press.actor, person.name)
    return { text: 'Too many unknown buttons from you. Wait ten minutes, then use the newest card.', alert: true }
  }
  const button = await findButton(tx, press.token)
  if (!button) {
    const answer = await refusePress(tx, press, UNKNOWN_BUTTON, 'This button is not known here. Use the newest card.')
    if (await isLockedOut(tx, press.actor)) await tellLockout(tx, deps.announcer, press.actor, person.name)
    return answer
  }
  const misplaced = await guard(tx, press, button.incident)
  if (misplaced) return refusePress(tx, press, misplaced.because, misplaced.text)
  const needed = button.verb === 'menu' || button.verb === 'details' ? 'viewer' : 'operator'
  if (!atLeast(person.role, needed))
    return refusePress(
      tx,
      press,
      `a ${person.role} pressed ${button.verb}`,
      'You may look, but not decide: your role is viewer.',
    )
  await lockIncident(tx, button.incident)
  return await carryOut({ ...deps, tx, press, person, button })
}

async function carryOut(pressing: Pressing): Promise<PressAnswer> {
  const { verb } = pressing.button
  switch (verb) {
    case 'approve':
    case 'confirm':
    case 'reject':
      return await verdictOn(pressing, verb)
    case 'menu':
    case 'details':
      return await openMenu(pressing)
    case 'taken':
      return await takeOver(pressing)
    case 'modify':
      return await modify(pressing)
    case 'ask_cloud':
      return await askCloud(pressing)
    default:
      return await request(pressing, verb)
  }
}

async function openMenu({ tx, announcer, button, press, person }: Pressing): Promise<PressAnswer> {
  const menu = button.verb === 'details' ? 'details' : String(button.params.menu ?? 'none')
  if (!(await useButton(tx, press.token, person.name))) return moved()
  await tx`update incidents set menu = ${menu === 'none' ? null : menu} where id = ${button.incident}`
  await announcer.card(tx, [button.incident])
  return { text: '', alert: false }
}

async function takeOver({ tx, announcer, button, press, person }: Pressing): Promise<PressAnswer> {
  if (!(await useButton(tx, press.token, person.name))) return moved()
  const incident = await lockIncident(tx, button.incident)
  await tx`update incidents set taken_by = ${person.name}, menu = null where id = ${incident.id}`
  await happened(tx, { incident: incident.id, round: incident.round, name: 'incident taken', actor: actorOf(person) })
  await announcer.card(tx, [incident.id])
  return { text: 'It is yours. The others see it on the card.', alert: false }
}

/** The approval that is asked for stands meanwhile: what the cloud says comes on the same card, and may be chosen from it. */
async function askCloud({ tx, announcer, button, press, person, askCloud: ask }: Pressing): Promise<PressAnswer> {
  if (!(await useButton(tx, press.token, person.name))) return moved((await findButton(tx, press.token))?.usedBy)
  if (!ask) return { text: 'There is no model in the cloud here.', alert: true }
  const { id, round } = await lockIncident(tx, button.incident)
  const text = await ask(tx, { incident: id, by: person.name })
  await tx`update incidents set menu = null where id = ${id}`
  await happened(tx, { incident: id, round, name: 'cloud asked', actor: actorOf(person) })
  await announcer.card(tx, [id])
  const body = { verb: 'ask_cloud', by: person.name, round, channel: press.channel }
  await writeLedger(tx, [{ kind: 'decided', incident: id, body }])
  return { text, alert: false }
}

const said: Partial<Record<Verb, string>> = {
  ignore: 'Quiet until the alert ends.',
  undo: 'I will propose the way back and ask again.',
  rest: 'I will propose the rest and ask again.',
  again: 'I will look again and propose anew.',
  choose: 'I will make a plan for that and ask.',
  check_again: 'Checking again.',
  run_again: 'I will ask for another attempt.',
  abandon: 'Left as it is. Nothing more will run for it.',
}

function snoozedWords(minutes: number): string {
  return `Quiet for ${minutes >= 60 ? `${minutes / 60} h` : `${minutes} min`}, then I look again.`
}

/** Everything that is not a verdict: kept for the graph, which takes it up in its next step. */
async function request(pressing: Pressing, verb: Verb): Promise<PressAnswer> {
  const { tx, queue, announcer, button, press, person } = pressing
  if (!(await useButton(tx, press.token, person.name))) return moved((await findButton(tx, press.token))?.usedBy)
  const incident = await findIncident(tx, button.incident)
  if (!incident || (incident.status === 'closed' && verb !== 'undo'))
    return { text: 'This incident is over.', alert: true }
  const newer = incident.status === 'closed' && (await openTwin(tx, incident.correlationKey))
  if (newer) return { text: `Incident #${newer} is open for the same thing. Decide there.`, alert: true }
  await tx`
    insert into requests (incident_id, verb, params, by)
    values (${incident.id}, ${verb}, ${json(tx, { ...button.params, subject: button.subject })}, ${person.name})`
  await happened(tx, {
    incident: incident.id,
    round: incident.round,
    name: `${verb.replace('_', ' ')} asked`,
    actor: actorOf(person),
  })
  await wake(tx, queue, [incident.id])
  await announcer.card(tx, [incident.id])
  await writeLedger(tx, [
    {
      kind: 'decided',
      incident: incident.id,
      body: { verb, by: person.name, round: incident.round, channel: press.channel },
    },
  ])
  const text = verb === 'snooze' ? snoozedWords(Number(button.params.minutes ?? 60)) : said[verb]
  return { text: text ?? 'Done.', alert: false }
}

/** The open incident of the same key, which only one may be. */
async function openTwin(tx: Tx, key: string): Promise<number | undefined> {
  const [row] = await tx<
    { id: number }[]
  >`select id from incidents where correlation_key = ${key} and closed_at is null`
  return row?.id
}

function moved(by?: string | null): PressAnswer {
  return { text: by ? `${by} pressed this already.` : 'The card has moved on. Use the newest one.', alert: false }
}
