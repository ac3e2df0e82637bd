import type { Person } from '../domain/person.ts'
import type { Runbook } from '../domain/runbook.ts'
import type { Announcer } from '../incidents/announce.ts'
import type { Lease } from '../incidents/leases.ts'
import type { KnowledgeSearch } from '../knowledge/retrieval/knowledge-search.ts'
import type { Sql } from '../storage/postgres.ts'
import type { Queue } from '../storage/queue.ts'
import type { Rules } from '../tools/policy.ts'
import type { Toolbox } from '../tools/toolbox.ts'
import type { Deeper } from './deeper.ts'

/** What every node is handed. */
export interface GraphDeps {
  sql: Sql
  queue: Queue
  toolbox: Toolbox
  announcer: Announcer
  /** The runbooks as loaded, by id. */
  runbooks: () => ReadonlyMap<string, Runbook>
  /** Where suggestions come from; without it there are none. */
  knowledge?: KnowledgeSearch
  /** How far before an alert to look for changes; without it nobody looks. */
  changes?: { minutes: number }
  /** Models that look into incidents; absent where none is configured. */
  deeper?: Deeper
  people: () => readonly Person[]
  /** Since when this process takes in what becomes of alerts, by the database's clock: what ended before may not be on record yet. */
  listeningSince: Date
  /** What configuration says of protection; the policy itself is read from the database, so that a freeze is everywhere at once. */
  rules: Omit<Rules, 'policy'>
  options: GraphOptions
}

export interface GraphOptions {
  approvalTtlMs: number
  authorizationTtlMs: number
  /** Multiplies every verification window: 1 in earnest, less in demos and tests. */
  verifyScale: number
  /** How long a grant lives, and with it the call it permits. */
  grantTtlMs: number
  /** How far a tool server's clock may be behind ours, so that it takes a grant for longer; 0 on one machine. */
  clockSkewMs: number
}

/** What a node is told of the run it is part of. */
export interface Run {
  /** The lease under which this worker moves the incident; `started` checks its epoch. */
  lease: Lease
  /** Aborts when the lease is lost or the process stops: what is under way outside is cut off. */
  signal: AbortSignal | undefined
}
