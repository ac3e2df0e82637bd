import { basename } from 'node:path'
import type { NamedAnswer } from '../domain/answer.ts'
import { OperatorError } from '../domain/errors.ts'
import type { Runbook } from '../domain/runbook.ts'
import { modeNow } from '../inference/mode-setting.ts'
import type { Mode } from '../inference/routing.ts'
import type { LookInto } from '../investigation/investigation-worker.ts'
import { knownClusters } from '../investigation/known-clusters.ts'
import { parseInvestigateWords } from '../investigation/named-request.ts'
import { readOnlyTools } from '../investigation/read-only-tools.ts'
import { carryOut, type RequestDeps } from '../investigation/run-request.ts'
import type { Sql } from '../storage/postgres.ts'
import type { DeclaredTools } from '../tools/rules.ts'
import type { Toolbox } from '../tools/toolbox.ts'
import { told } from './told.ts'

export interface NamedInvestigationDeps extends Pick<RequestDeps, 'cut' | 'keep' | 'now'> {
  sql: Sql
  toolbox: Toolbox
  declared: DeclaredTools
  runbooks: () => ReadonlyMap<string, Runbook>
  /** Makes an investigator; undefined where there is no model. */
  investigatorFor: RequestDeps['investigatorFor']
  mode: Mode
}

/** A job of the queue lives for an hour; what is asked for from the chat ends well before. */
const MOST_MINUTES = 45

/** What `/investigate` asks for: the words are read here, where the clusters are known; what is wrong with them is the answer. */
export function namedInvestigation(deps: NamedInvestigationDeps): LookInto {
  return async function investigate(asked, run) {
    const { sql, toolbox, declared, cut, keep, now } = deps
    const say = (said: Partial<NamedAnswer>) => {
      const report: NamedAnswer = { kind: 'named', problem: null, markdown: '', file: '', notes: [], ...said }
      return told(asked, report)
    }
    const runbooks = deps.runbooks()
    const clusters = await knownClusters(toolbox)
    const words = (asked.request.text ?? '').split(/\s+/)
    const known = { runbooks: runbooks.keys(), clusters: clusters.map(({ name }) => name) }
    const request = parseInvestigateWords(words, known)
    if ('problem' in request) return say({ problem: request.problem })
    if (request.minutes > MOST_MINUTES)
      return say({
        problem: `From here it may take ${MOST_MINUTES} minutes at most; the command line takes longer ones.`,
      })
    const models = (await modeNow(sql, deps.mode)) === 'off' ? undefined : deps.investigatorFor
    const looking = readOnlyTools(toolbox, { declared })
    try {
      const { markdown, kept } = await carryOut(
        { looking, clusters, runbooks, investigatorFor: models, now, cut, keep },
        request,
        { signal: run.signal, onProgress: run.progress },
      )
      const { pushed, path } = kept
      const notes = pushed !== null && pushed !== true ? [pushed.problem] : []
      return say({ markdown, file: basename(path), notes })
    } catch (error) {
      if (error instanceof OperatorError) return say({ problem: error.message })
      throw error
    }
  }
}
