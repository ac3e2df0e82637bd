import { randomUUID } from 'node:crypto'
import { requestApproval } from '../../src/approvals/approval-store.ts'
import { liveButtons } from '../../src/approvals/buttons.ts'
import { keepPlan } from '../../src/approvals/plan-store.ts'
import type { Approval, Asks, Verb } from '../../src/domain/approval.ts'
import type { Person } from '../../src/domain/person.ts'
import type { Action, Plan } from '../../src/domain/plan.ts'
import type { Announcer } from '../../src/incidents/announce.ts'
import type { Sql } from '../../src/storage/postgres.ts'
import type { NewJob, Queue } from '../../src/storage/queue.ts'
import { action, plan as planned } from '../chat/views.ts'

export const alice: Person = { name: 'alice', telegramId: 1001, role: 'admin' }
export const bob: Person = { name: 'bob', telegramId: 1002, role: 'operator' }
export const anna: Person = { name: 'anna', telegramId: 1003, role: 'operator' }
export const vera: Person = { name: 'vera', telegramId: 1004, role: 'viewer' }

/** An incident as ingest leaves it, with one alert that fires. */
export async function seedIncident(sql: Sql, status = 'open'): Promise<number> {
  const key = randomUUID()
  const [row] = await sql<{ id: number }[]>`
    insert into incidents (correlation_key, status, severity, alertname, cluster, namespace, workload, labels, annotations)
    values (${key}, ${status}, 'warning', 'KubePodCrashLooping', 'talos-main', 'media', 'radarr', '{}', '{}') returning id`
  if (!row) throw new Error('no incident was made')
  await sql`
    insert into alerts (source, fingerprint, starts_at, status, incident_id, labels, annotations)
    values ('alertmanager', ${key}, watch_now(), 'firing', ${row.id}, '{}', '{}')`
  return row.id
}

export interface Question {
  incident: number
  plan: Plan
  approval: Approval
  /** The token of a button of its card, minted once. */
  token(verb: Verb): Promise<string>
}

export interface QuestionOptions {
  asks?: Asks
  ttlMs?: number
  proposedBy?: string
  /** Who proposed the plans that it was made from. */
  authors?: string[]
  /** One on radarr unless told. */
  actions?: Action[]
}

/** A plan that waits for a decision. */
export async function seedQuestion(
  sql: Sql,
  { asks = 'one', ttlMs = 3_600_000, proposedBy = 'agent', authors, actions = [action()] }: QuestionOptions = {},
): Promise<Question> {
  const incident = await seedIncident(sql, 'waiting')
  const body = { ...planned(actions).body, incident, round: 1, ...(authors && { authors }) }
  const plan = await keepPlan(sql, body, proposedBy)
  const because = 'its level is manual'
  const approval = await requestApproval(sql, { plan, actions: [0], attempt: 1, asks, because, ttlMs })
  return {
    incident,
    plan,
    approval,
    async token(verb) {
      const subject = ['approve', 'confirm', 'reject'].includes(verb) ? approval.id : ''
      const [button] = await liveButtons(sql, incident, [{ verb, subject, label: verb }])
      if (!button) throw new Error(`no button for ${verb}`)
      return button.token
    },
  }
}

export async function pass(sql: Sql, ms: number): Promise<void> {
  await sql`update clock set test_offset = test_offset + ${ms} * interval '1 millisecond'`
}

/** A queue that takes jobs down and runs nothing. */
export function recordingQueue(): Queue & { jobs: { name: string; jobs: readonly NewJob[] }[] } {
  const jobs: { name: string; jobs: readonly NewJob[] }[] = []
  const never = () => Promise.reject(new Error('this queue only takes jobs down'))
  return {
    jobs,
    start: never,
    stop: never,
    work: never,
    async enqueue(_tx, name, data, options = {}) {
      jobs.push({ name, jobs: [{ data, ...options }] })
    },
    async enqueueMany(_tx, name, many) {
      jobs.push({ name, jobs: many })
    },
  }
}

/** Takes down which cards were asked to be drawn again. */
export function recordingAnnouncer(): Announcer & { cards: number[] } {
  const cards: number[] = []
  return {
    cards,
    async card(_tx, incidents) {
      cards.push(...incidents)
    },
    async ping() {},
    async notice() {},
  }
}
