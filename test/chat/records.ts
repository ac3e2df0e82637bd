import { requestApproval } from '../../src/approvals/approval-store.ts'
import { keepPlan } from '../../src/approvals/plan-store.ts'
import type { Severity } from '../../src/domain/alert.ts'
import type { Approval, Asks } from '../../src/domain/approval.ts'
import type { IncidentStatus, Outcome } from '../../src/domain/incident.ts'
import type { Announcer, PingKind } from '../../src/incidents/announce.ts'
import { move } from '../../src/incidents/move.ts'
import { json, type Sql } from '../../src/storage/postgres.ts'
import { plan } from './views.ts'

/** Writes what the graph would have written, so that a test of the chat needs no graph. */
export interface Records {
  open(incident?: { severity?: Severity; namespace?: string; workload?: string; ping?: PingKind }): Promise<number>
  /** Asks for an approval of a plan of one action on radarr, and says so. */
  ask(incident: number, options?: { asks?: Asks; ttlMs?: number; ping?: boolean }): Promise<Approval>
  move(incident: number, to: IncidentStatus, outcome?: Outcome): Promise<void>
  announce(...incidents: number[]): Promise<void>
  /** What the messenger has not been given yet. */
  unsent(): Promise<{ kind: string; subject: string }[]>
  refusals(): Promise<{ actor: string; what: string; because: string }[]>
}

export function records(sql: Sql, announcer: Announcer): Records {
  let made = 0
  return {
    async open({ severity = 'warning', namespace = 'media', workload, ping } = {}) {
      made += 1
      const name = workload ?? `app${made}`
      return await sql.begin(async (tx) => {
        const labels = { alertname: 'KubePodCrashLooping', severity, namespace, workload: name }
        const annotations = { summary: `${name} keeps restarting` }
        const [row] = await tx<{ id: number }[]>`
          insert into incidents (correlation_key, severity, alertname, cluster, namespace, workload, labels, annotations)
          values (${`${name}/${made}`}, ${severity}, 'KubePodCrashLooping', 'talos-main', ${namespace}, ${name},
            ${json(tx, labels)}, ${json(tx, annotations)})
          returning id`
        const id = row?.id ?? 0
        await tx`
          insert into alerts (source, fingerprint, starts_at, status, incident_id, labels, annotations)
          values ('alertmanager', ${`${name}-${made}`}, now(), 'firing', ${id}, ${json(tx, labels)}, ${json(tx, annotations)})`
        if (ping) await announcer.ping(tx, id, ping)
        await announcer.card(tx, [id])
        return id
      })
    },
    async ask(incident, { asks = 'one', ttlMs = 3_600_000, ping = true } = {}) {
      return await sql.begin(async (tx) => {
        const [row] = await tx<{ round: number }[]>`select round from incidents where id = ${incident}`
        const kept = await keepPlan(tx, plan(undefined, { incident, round: row?.round ?? 1 }).body, 'agent')
        const because = 'its level is manual'
        const approval = await requestApproval(tx, { plan: kept, actions: [0], attempt: 1, asks, because, ttlMs })
        await move(tx, { incident, round: row?.round ?? 1, name: 'approval requested', actor: 'agent', to: 'waiting' })
        if (ping) await announcer.ping(tx, incident, 'approval')
        await announcer.card(tx, [incident])
        return approval
      })
    },
    async move(incident, to, outcome) {
      await sql.begin(async (tx) => {
        await move(tx, { incident, round: 1, name: `became ${to}`, actor: 'agent', to, ...(outcome && { outcome }) })
        if (to === 'closed')
          await announcer.notice(tx, { subject: `closed:${incident}`, topic: 'resolved', text: '', incident })
        await announcer.card(tx, [incident])
      })
    },
    async announce(...incidents) {
      await announcer.card(sql, incidents)
    },
    unsent: async () => [
      ...(await sql<{ kind: string; subject: string }[]>`
        select kind, subject from outbox where sent_at is null or sending_since is not null order by id`),
    ],
    refusals: async () => [
      ...(await sql<{ actor: string; what: string; because: string }[]>`
        select actor, what, because from refusals order by id`),
    ],
  }
}
