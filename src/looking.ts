import { join } from 'node:path'
import type { Logger } from 'pino'
import type { Config } from './config.ts'
import { answerQuestions } from './conversation/answer-question.ts'
import { namedInvestigation } from './conversation/named-investigation.ts'
import { watchRequests } from './conversation/request-folder.ts'
import type { Person } from './domain/person.ts'
import type { Runbook } from './domain/runbook.ts'
import { type Announcer, announcer as announcerFor } from './incidents/announce.ts'
import { neverLeaves } from './inference/never-leaves.ts'
import type { Inference } from './inference/open-inference.ts'
import { readPrompt } from './inference/prompts.ts'
import { incidentInvestigation } from './investigation/incident-investigation.ts'
import { investigationWorker } from './investigation/investigation-worker.ts'
import { recordingInvestigator } from './investigation/recording.ts'
import type { KnowledgeSearch } from './knowledge/retrieval/knowledge-search.ts'
import type { Sql } from './storage/postgres.ts'
import type { Queue } from './storage/queue.ts'
import type { DeclaredTools } from './tools/rules.ts'
import type { Toolbox } from './tools/toolbox.ts'

export interface LookingDeps {
  config: Config
  sql: Sql
  queue: Queue
  toolbox: Toolbox
  announcer: Announcer
  inference: Inference
  declared: DeclaredTools
  knowledge: KnowledgeSearch
  runbooks: () => ReadonlyMap<string, Runbook>
  people: () => readonly Person[]
  log: Logger
}

/**
 * A question does not wait behind those that take minutes, nor they behind a storm. How many use the local model at once is
 * set for it.
 */
const AT_ONCE = { question: 2, incident: 2, named: 1 }

/** Looks into what the graph, people and request files ask for, beside all that must not wait for it. */
export function looking(deps: LookingDeps): { start(): Promise<void>; stop(): Promise<void> } {
  const { config, sql, queue, toolbox, announcer, inference, declared, knowledge, runbooks, people, log } = deps
  const { ollama, claude, mode } = config.inference
  const { router, redactor } = inference
  const prompt = readPrompt('investigate')
  const ways = { router, prompt, neverLeaves: neverLeaves(config.inference.neverLeaves), now: Date.now }
  const every = { sql, toolbox, declared, mode, runbooks, now: Date.now, cut: redactor.forChat }
  const nudge = announcerFor([])
  const worker = investigationWorker({
    sql,
    queue,
    log,
    concurrency: AT_ONCE,
    kinds: {
      incident: incidentInvestigation({ ...every, ...ways, queue, announcer }),
      question: answerQuestions({
        ...every,
        ...ways,
        ...{ queue, announcer, knowledge, people },
        timezone: config.timezone,
      }),
      named: namedInvestigation({
        ...every,
        prompt,
        neverLeaves: ways.neverLeaves,
        cloud: claude !== undefined,
        investigatorFor:
          ollama || claude ? (from, keep) => recordingInvestigator({ ...ways, looking: from }, keep) : undefined,
        keep: reportsOf(config),
      }),
    },
    // The console shows it as it goes; in the chat it would spend what other cards need.
    onProgress: ({ incident }) => {
      if (incident !== null) nudge.card(sql, [incident]).catch(() => undefined)
    },
    tellFailure: async (tx, { incident }) => {
      if (incident !== null) await announcer.card(tx, [incident])
    },
  })
  const requests = watchRequests({
    ...{ sql, queue, toolbox },
    runbooks: () => runbooks().keys(),
    folder: join(config.dataDir, 'requests'),
    onRejected: ({ file, problem }) => log.warn({ file, problem }, 'a request file was rejected'),
    onWaiting: (file) => log.info({ file }, 'a request file waits until every server says which clusters it has'),
    onFailure: (error) => log.warn({ err: error }, 'the folder of requests could not be looked into'),
  })
  return {
    start: () => worker.start(),
    async stop() {
      // Before the queue waits for what is under way: what is cut off is looked into anew elsewhere.
      worker.stop()
      await requests.stop()
    },
  }
}

function reportsOf({ reports, dataDir }: Config) {
  const clone = join(dataDir, 'reports.git')
  return { folder: reports.dir, remote: reports.git && { ...reports.git, clone, env: process.env } }
}
