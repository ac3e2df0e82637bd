import { basename } from 'node:path'
import type { Labels } from '../domain/alert.ts'
import type { NamedAnswer } from '../domain/answer.ts'
import { OperatorError } from '../domain/errors.ts'
import type { Runbook } from '../domain/runbook.ts'
import { modeNow } from '../inference/mode-setting.ts'
import type { Prompt } from '../inference/prompts.ts'
import type { Mode } from '../inference/routing.ts'
import type { Investigation } from '../investigation/investigation-rows.ts'
import type { LookInto } from '../investigation/investigation-worker.ts'
import { knownClusters } from '../investigation/known-clusters.ts'
import {
  type KnownNames,
  type NamedRequest,
  namedRequest,
  parseInvestigateWords,
} from '../investigation/named-request.ts'
import type { Investigator, Looking, Question } from '../investigation/port.ts'
import { readOnlyTools } from '../investigation/read-only-tools.ts'
import { type InvestigationRecording, storedRecording } from '../investigation/recording.ts'
import { withoutSecrets } from '../investigation/recording-secrets.ts'
import { carryOut, type RequestDeps } from '../investigation/run-request.ts'
import type { Sql } from '../storage/postgres.ts'
import type { DeclaredTools } from '../tools/rules.ts'
import type { Toolbox } from '../tools/toolbox.ts'
import { KEPT_LOCAL, namesAbout, staysHome } from './home.ts'
import { told } from './told.ts'

export interface NamedInvestigationDeps extends Pick<RequestDeps, 'cut' | 'keep' | 'now'> {
  sql: Sql
  toolbox: Toolbox
  declared: DeclaredTools
  runbooks: () => ReadonlyMap<string, Runbook>
  /** Makes an investigator that writes down what it did; undefined where there is no model. */
  investigatorFor: ((looking: Looking, keep: (recording: InvestigationRecording) => void) => Investigator) | undefined
  prompt: Prompt
  mode: Mode
  /** Whether labels keep an incident at home. */
  neverLeaves: (labels: Labels) => boolean
  /** Whether there is a model in the cloud. */
  cloud: boolean
}

/** A job of the queue lives for an hour; what is asked for from the chat ends well before. */
const MOST_MINUTES = 45

/**
 * What `/investigate` or a request file asks for. It is read here, where the clusters are known; what is wrong with it is the
 * answer.
 */
export function namedInvestigation(deps: NamedInvestigationDeps): LookInto {
  return async function investigate(asked, run) {
    const { sql, toolbox, declared, cut, keep, now } = deps
    const say = (said: Partial<NamedAnswer>, recording: string[] | null = null) => {
      const report: NamedAnswer = { kind: 'named', problem: null, markdown: '', file: '', notes: [], ...said }
      return { ...told(asked, report), recording }
    }
    const runbooks = deps.runbooks()
    const clusters = await knownClusters(toolbox)
    const known = { runbooks: runbooks.keys(), clusters: clusters.map(({ name }) => name) }
    const request = requestIn(asked, known)
    if ('problem' in request) return say({ problem: request.problem })
    if (request.minutes > MOST_MINUTES)
      return say({
        problem: `From here it may take ${MOST_MINUTES} minutes at most; the command line takes longer ones.`,
      })
    const mode = await modeNow(sql, deps.mode)
    // It may look at whatever runs on a cluster, and labels are only of alerts.
    const home = await staysHome(sql, null, deps.neverLeaves)
    const names = await namesAbout(sql, null)
    const { investigatorFor } = deps
    const recordings: InvestigationRecording[] = []
    const models =
      mode === 'off' || !investigatorFor
        ? undefined
        : (from: Looking) =>
            within(
              investigatorFor(from, (recording) => recordings.push(recording)),
              { mode: () => modeNow(sql, deps.mode), names, ...(home && { staysHome: true }) },
            )
    const looking = readOnlyTools(toolbox, { declared })
    try {
      const { markdown, kept } = await carryOut(
        {
          looking,
          clusters,
          runbooks,
          investigatorFor: models,
          now,
          cut,
          keep,
          kept: { id: asked.id, at: asked.createdAt.getTime() },
        },
        request,
        { signal: run.signal, onProgress: run.progress },
      )
      const { pushed, path } = kept
      const notes = [
        ...(pushed !== null && pushed !== true ? [pushed.problem] : []),
        ...(home && models && deps.cloud ? [KEPT_LOCAL] : []),
      ]
      return say({ markdown, file: basename(path), notes }, await recordsOf(deps, recordings))
    } catch (error) {
      if (error instanceof OperatorError) return say({ problem: error.message })
      throw error
    }
  }
}

/** From the chat there are words, from a file the fields are filled in. */
function requestIn({ request }: Investigation, known: KnownNames): NamedRequest | { problem: string } {
  if (request.name === null) return parseInvestigateWords((request.text ?? '').split(/\s+/), known)
  const { name, runbook, text, minutes, ...others } = request
  return namedRequest(
    {
      ...others,
      name,
      runbook: runbook ?? undefined,
      question: text ?? undefined,
      minutes: minutes ?? undefined,
    },
    known,
  )
}

/** Asked in the mode that is in force at each turn. */
function within(investigator: Investigator, limits: Pick<Question, 'mode' | 'names' | 'staysHome'>): Investigator {
  return { investigate: (question) => investigator.investigate({ ...question, ...limits }) }
}

/** Null where no model was asked, or where secrets could not be looked for. */
async function recordsOf(
  { cut, prompt }: NamedInvestigationDeps,
  recordings: readonly InvestigationRecording[],
): Promise<string[] | null> {
  if (recordings.length === 0) return null
  try {
    const clean = await Promise.all(recordings.map((one) => withoutSecrets(one, { cut, prompt })))
    return clean.map(storedRecording)
  } catch {
    return null
  }
}
