import type { Labels } from '../domain/alert.ts'
import type { Answer } from '../domain/answer.ts'
import type { Mode } from '../domain/inference.ts'
import type { Person } from '../domain/person.ts'
import type { Runbook } from '../domain/runbook.ts'
import type { Announcer } from '../incidents/announce.ts'
import type { Router } from '../inference/router.ts'
import type { KnowledgeSearch } from '../knowledge/retrieval/knowledge-search.ts'
import type { Sql } from '../storage/postgres.ts'
import type { Queue } from '../storage/queue.ts'
import type { DeclaredTools } from '../tools/rules.ts'
import type { Toolbox } from '../tools/toolbox.ts'

/** What answering takes. */
export interface ConversationDeps {
  sql: Sql
  queue: Queue
  announcer: Announcer
  router: Router
  toolbox: Toolbox
  declared: DeclaredTools
  runbooks: () => ReadonlyMap<string, Runbook>
  knowledge: KnowledgeSearch | undefined
  people: () => readonly Person[]
  /** Whether labels keep an incident at home. */
  neverLeaves: (labels: Labels) => boolean
  /** The mode of the configuration; what people have set since counts for more. */
  mode: Mode
  /** IANA name. */
  timezone: string
  /** Unix milliseconds. */
  now: () => number
}

export function emptyAnswer(): Answer {
  return {
    kind: 'answer',
    by: 'rules',
    lines: [],
    notes: [],
    models: [],
    degraded: [],
    evidence: [],
    unsupported: 0,
    looks: 0,
    refused: [],
    tokens: 0,
    microUsd: 0,
    plan: null,
  }
}
