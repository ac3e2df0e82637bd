import { askInvestigation } from '../investigation/investigation-rows.ts'
import { knownClusters } from '../investigation/known-clusters.ts'
import { type RejectedRequest, rowRequest, sweepRequests } from '../investigation/request-file.ts'
import { inTransaction, type Sql } from '../storage/postgres.ts'
import type { Queue } from '../storage/queue.ts'
import type { Toolbox } from '../tools/toolbox.ts'

export interface RequestFolderDeps {
  sql: Sql
  queue: Queue
  toolbox: Toolbox
  /** Ids. */
  runbooks: () => Iterable<string>
  folder: string
  onRejected: (rejected: RejectedRequest) => void
  /** Told once of each file that waits until the servers of its clusters answer. */
  onWaiting: (file: string) => void
  onFailure: (error: unknown) => void
}

const LOOK_MS = 2_000

/**
 * Asks for what is laid into the folder of requests, until it is stopped. Each file is asked for once and keeps its name with
 * `.done`, or with `.rejected` and the reason beside it; the report comes into the folder of reports.
 */
export function watchRequests(deps: RequestFolderDeps): { stop(): Promise<void> } {
  const { sql, queue, toolbox, runbooks, folder, onRejected, onWaiting, onFailure } = deps
  const waiting = new Set<string>()
  let stopped = false
  let timer: NodeJS.Timeout
  const look = () =>
    sweepRequests({
      folder,
      onRejected,
      onWaiting(file) {
        if (!waiting.has(file)) onWaiting(file)
        waiting.add(file)
      },
      known: async () => {
        const clusters = (await knownClusters(toolbox)).map(({ name }) => name)
        const servers = toolbox.status()
        const complete = clusters.length > 0 && servers.every(({ state }) => state === 'ready')
        return { runbooks: runbooks(), clusters, complete }
      },
      ask: (request, file, key) =>
        inTransaction(sql, async (tx) => {
          await askInvestigation(tx, queue, {
            ...{ kind: 'named', incident: null, round: null, askedBy: `file ${file}` },
            request: rowRequest(request),
            key,
          })
          waiting.delete(file)
        }),
    }).catch(onFailure)
  let looking = Promise.resolve()
  const again = () => {
    if (stopped) return
    looking = look()
    void looking.finally(() => {
      timer = setTimeout(again, LOOK_MS)
    })
  }
  timer = setTimeout(again, 0)
  return {
    async stop() {
      stopped = true
      clearTimeout(timer)
      await looking
      clearTimeout(timer)
    },
  }
}
