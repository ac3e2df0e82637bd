import type { Mode } from '../domain/inference.ts'
import type { Json } from '../domain/json.ts'
import type { Runbook } from '../domain/runbook.ts'
import type { NeverLeaves } from '../inference/never-leaves.ts'
import type { Prompt } from '../inference/prompts.ts'
import type { Router } from '../inference/router.ts'
import type { Tx } from '../storage/postgres.ts'
import type { DeclaredTools } from '../tools/rules.ts'
import type { Toolbox } from '../tools/toolbox.ts'
import type { Cut } from './cut-json.ts'
import type { Investigation, InvestigationRequest } from './investigation-rows.ts'
import type { LookInto } from './investigation-worker.ts'
import { knownClusters } from './known-clusters.ts'
import type { NamedReport } from './named.ts'
import { type NamedRequest, namedRequest } from './named-request.ts'
import type { Investigator, Looking } from './port.ts'
import { readOnlyTools } from './read-only-tools.ts'
import { type InvestigationRecording, recordingInvestigator } from './recording.ts'
import { withoutSecrets } from './recording-secrets.ts'
import type { KeepOptions } from './report-folder.ts'
import { type CarriedOut, carryOut } from './run-request.ts'

export interface NamedInvestigationDeps {
  toolbox: Toolbox
  declared?: DeclaredTools
  router: Router
  prompt: Prompt
  neverLeaves: NeverLeaves
  runbooks: () => ReadonlyMap<string, Runbook>
  /** Which models may be asked now; `off`: none. */
  mode: () => Promise<Mode>
  cut: Cut
  keep: KeepOptions
  /** Unix milliseconds. */
  now: () => number
  /** Tells who asked, in the transaction that ends it: the Markdown, or why there is none. */
  tell(tx: Tx, investigation: Investigation, outcome: CarriedOut | { problem: string }): Promise<void>
}

/** What is kept of a named one: its page and where it lies. The evidence is on the page. */
export type KeptNamed = { named: Omit<NamedReport, 'clusters'>; markdown: string; path: string } | { problem: string }

/** What a request is in the row that asks for it; the other fields are as `askInvestigation` has them. */
export function rowRequest(
  request: NamedRequest,
): Partial<InvestigationRequest> & Pick<InvestigationRequest, 'deadlineMs'> {
  const { name, runbook = null, question = null, clusters, minutes, sideBySide, labels } = request
  return {
    name,
    runbook,
    text: question,
    clusters: [...clusters],
    minutes,
    sideBySide,
    labels: { ...labels },
    deadlineMs: minutes * 60_000,
  }
}

/** Looks into what was asked for by name, and keeps its report; every model's part of it is recorded, without secrets. */
export function namedInvestigation(deps: NamedInvestigationDeps): LookInto {
  return async (investigation, { signal, progress }) => {
    const { request: row } = investigation
    const clusters = await knownClusters(deps.toolbox)
    const known = { runbooks: deps.runbooks().keys(), clusters: clusters.map(({ name }) => name) }
    const request = namedRequest(
      {
        name: row.name ?? undefined,
        runbook: row.runbook ?? undefined,
        question: row.text ?? undefined,
        clusters: row.clusters,
        minutes: row.minutes ?? Math.max(1, Math.round(row.deadlineMs / 60_000)),
        sideBySide: row.sideBySide,
        labels: row.labels,
      },
      known,
    )
    if ('problem' in request) return refused(deps, investigation, request.problem)
    const recordings: InvestigationRecording[] = []
    const mode = row.mode ?? (await deps.mode())
    const done = await carryOut(
      {
        looking: readOnlyTools(deps.toolbox, { ...(deps.declared && { declared: deps.declared }) }),
        clusters,
        runbooks: deps.runbooks(),
        investigatorFor: mode === 'off' ? undefined : (looking) => withMode(recorded(deps, looking, recordings), mode),
        now: deps.now,
        cut: deps.cut,
        keep: deps.keep,
      },
      request,
      { signal, onProgress: progress },
    )
    return {
      report: keptOf(done) as unknown as Json,
      recording: await keptRecordings(deps, recordings),
      tell: (tx) => deps.tell(tx, investigation, done),
    }
  }
}

function recorded(
  { router, prompt, neverLeaves, now }: NamedInvestigationDeps,
  looking: Looking,
  into: InvestigationRecording[],
): Investigator {
  return recordingInvestigator({ router, looking, prompt, neverLeaves, now }, (recording) => into.push(recording))
}

function withMode(investigator: Investigator, mode: Mode): Investigator {
  return { investigate: (question) => investigator.investigate({ ...question, mode }) }
}

function refused({ tell }: NamedInvestigationDeps, investigation: Investigation, problem: string) {
  return { report: { problem }, recording: null, tell: (tx: Tx) => tell(tx, investigation, { problem }) }
}

function keptOf({ named: { clusters: _clusters, ...named }, markdown, kept }: CarriedOut): KeptNamed {
  return { named, markdown, path: kept.path }
}

/** Null where no model was asked, or where secrets could not be looked for. */
async function keptRecordings(
  { cut, prompt }: NamedInvestigationDeps,
  recordings: InvestigationRecording[],
): Promise<Json | null> {
  if (recordings.length === 0) return null
  try {
    return (await Promise.all(recordings.map((one) => withoutSecrets(one, { cut, prompt })))) as unknown as Json
  } catch {
    return null
  }
}
