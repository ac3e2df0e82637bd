import type { Mode, Signal } from '../domain/inference.ts'
import type { Json } from '../domain/json.ts'
import { json, type Sql, type SqlOrTx, type Tx } from '../storage/postgres.ts'
import type { Queue } from '../storage/queue.ts'

export type InvestigationKind = 'incident' | 'question' | 'named'

/** The queue of a kind, whose jobs look into one thing each: nobody who waits for one kind waits behind another. */
export function queueOf(kind: InvestigationKind): string {
  return `investigation-${kind}`
}

/** What is asked. Every field is there; what does not apply is null or empty. */
export interface InvestigationRequest {
  /** A person's own words. */
  text: string | null
  /** Which models may be asked; null: as is in force. */
  mode: Mode | null
  /** Why the cloud may be asked before anybody has answered. */
  signals: { reason: Signal; because: string }[]
  /** Of a named one: its name, the runbook it follows, the clusters it looks at, how long it may take, and how they are taken. */
  name: string | null
  runbook: string | null
  clusters: string[]
  minutes: number | null
  sideBySide: boolean
  /** Stands in for the labels of an alert. */
  labels: Record<string, string>
  /** The plan that a person wants otherwise, in the words of `text`; null for everything else. */
  plan: string | null
  deadlineMs: number
}

/** Where in the chat the answer goes. */
export interface AnswerPlace {
  chatId: number
  threadId: number | null
  replyTo: number | null
}

export interface NewInvestigation {
  kind: InvestigationKind
  incident: number | null
  round: number | null
  /** `agent`, or a person's name. */
  askedBy: string
  request: Partial<InvestigationRequest> & Pick<InvestigationRequest, 'deadlineMs'>
  answerTo?: AnswerPlace
  /** What it was asked by, where the same may come again: asked for once. */
  key?: string
}

export interface Investigation {
  id: string
  kind: InvestigationKind
  incident: number | null
  round: number | null
  askedBy: string
  request: InvestigationRequest
  answerTo: AnswerPlace | null
  status: 'waiting' | 'running' | 'done' | 'withdrawn'
  attempts: number
  progress: string | null
  report: Json | null
  recording: Json | null
  createdAt: Date
  endedAt: Date | null
}

/**
 * Asks for an investigation, in the transaction in which it became necessary. Answers its id; undefined where the agent has
 * asked for the same round already, or somebody with the same key.
 */
export async function askInvestigation(tx: Tx, queue: Queue, asked: NewInvestigation): Promise<string | undefined> {
  const { kind, incident, round, askedBy, answerTo, key = null } = asked
  const request: InvestigationRequest = { ...NOTHING_ASKED, ...asked.request }
  const [row] = await tx<{ id: string }[]>`
    insert into investigations (kind, incident_id, round, asked_by, request, answer_to, request_key)
    values (${kind}, ${incident}, ${round}, ${askedBy}, ${json(tx, request)}, ${answerTo ? json(tx, answerTo) : null},
      ${key})
    on conflict do nothing returning id`
  if (row) await queue.enqueue(tx, queueOf(kind), { investigation: row.id }, { key: row.id })
  return row?.id
}

const NOTHING_ASKED: Omit<InvestigationRequest, 'deadlineMs'> = {
  text: null,
  mode: null,
  signals: [],
  name: null,
  runbook: null,
  clusters: [],
  minutes: null,
  sideBySide: false,
  labels: {},
  plan: null,
}

/** How often one is begun: each time may ask models anew, and what ended the process once may do so again. */
export const MOST_ATTEMPTS = 3

/** Begins, or begins anew what another process left lying; undefined where it has ended, or was begun as often as it may be. */
export async function beginInvestigation(sql: Sql, id: string): Promise<Investigation | undefined> {
  const [row] = await sql<Row[]>`
    update investigations set status = 'running', attempts = attempts + 1, started_at = watch_now()
    where id = ${id} and status in ('waiting', 'running') and attempts < ${MOST_ATTEMPTS} returning *`
  return row && toInvestigation(row)
}

/** Lets it wait as if it had not been begun: its process was told to stop, which is no fault of what it looked into. */
export async function giveBackInvestigation(sql: Sql, { id, attempts }: Investigation): Promise<void> {
  await sql`
    update investigations set status = 'waiting', attempts = attempts - 1, progress = null
    where id = ${id} and status = 'running' and attempts = ${attempts}`
}

/** The newest of an incident's round, or of all its rounds. */
export async function newestInvestigation(
  sql: SqlOrTx,
  incident: number,
  { kind = 'incident' }: { kind?: InvestigationKind } = {},
): Promise<Investigation | undefined> {
  const [row] = await sql<Row[]>`
    select * from investigations where incident_id = ${incident} and kind = ${kind} and status <> 'withdrawn'
    order by created_at desc, id limit 1`
  return row && toInvestigation(row)
}

/** By its id, or by its first eight characters or more where they are its alone. */
export async function findInvestigation(sql: SqlOrTx, id: string): Promise<Investigation | undefined> {
  if (!/^[0-9a-f-]{8,36}$/.test(id)) return undefined
  const rows = await sql<Row[]>`select * from investigations where starts_with(id::text, ${id}) limit 2`
  const [row] = rows
  return row && rows.length === 1 ? toInvestigation(row) : undefined
}

/** Drops what nobody waits for any more of an incident: all of it, or what belongs to earlier rounds. */
export async function withdrawInvestigations(
  tx: Tx,
  incident: number,
  { before = null }: { before?: number | null } = {},
): Promise<void> {
  await tx`
    update investigations set status = 'withdrawn', progress = null, ended_at = watch_now()
    where incident_id = ${incident} and kind = 'incident' and status in ('waiting', 'running')
      and (${before}::integer is null or round < ${before})`
}

export async function noteProgress(sql: Sql, id: string, progress: string): Promise<void> {
  await sql`update investigations set progress = ${progress} where id = ${id} and status = 'running'`
}

/** Ends it, begun or not, and once: false where it has been ended or withdrawn meanwhile, and then nothing is written. */
export async function endInvestigation(
  tx: Tx,
  id: string,
  { report, recording }: { report: Json; recording: Json | null },
): Promise<boolean> {
  const ended = await tx`
    update investigations set status = 'done', progress = null, report = ${json(tx, report)},
      recording = ${recording === null ? null : json(tx, recording)}, ended_at = watch_now()
    where id = ${id} and status in ('waiting', 'running')`
  return ended.count > 0
}

interface Row {
  id: string
  kind: InvestigationKind
  incident_id: number | null
  round: number | null
  asked_by: string
  request: InvestigationRequest
  answer_to: AnswerPlace | null
  status: Investigation['status']
  attempts: number
  progress: string | null
  report: Json | null
  recording: Json | null
  created_at: Date
  ended_at: Date | null
}

function toInvestigation(row: Row): Investigation {
  const { incident_id: incident, asked_by: askedBy, answer_to: answerTo } = row
  const { id, kind, round, request, status, attempts, progress, report, recording } = row
  return {
    ...{ id, kind, incident, round, askedBy, request, answerTo, status, attempts, progress, report, recording },
    createdAt: row.created_at,
    endedAt: row.ended_at,
  }
}
