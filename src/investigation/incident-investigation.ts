import type { Mode } from '../domain/inference.ts'
import type { FailedReport, KeptReport, Report } from '../domain/investigation.ts'
import type { Json } from '../domain/json.ts'
import type { Runbook } from '../domain/runbook.ts'
import type { Announcer } from '../incidents/announce.ts'
import { findIncident } from '../incidents/incident-rows.ts'
import { happened } from '../incidents/move.ts'
import { wake } from '../incidents/wake.ts'
import { modeNow, modeWished } from '../inference/mode-setting.ts'
import type { NeverLeaves } from '../inference/never-leaves.ts'
import type { Prompt } from '../inference/prompts.ts'
import type { Router } from '../inference/router.ts'
import { json, type Sql, type Tx } from '../storage/postgres.ts'
import type { Queue } from '../storage/queue.ts'
import { look } from '../tools/evidence.ts'
import type { DeclaredTools } from '../tools/rules.ts'
import type { Toolbox } from '../tools/toolbox.ts'
import type { Cut } from './cut-json.ts'
import { type IncidentFacts, incidentFacts } from './incident-facts.ts'
import type { InvestigationLimits } from './investigate.ts'
import type { Investigation } from './investigation-rows.ts'
import type { LookInto } from './investigation-worker.ts'
import { plannableOf } from './plannable.ts'
import { readOnlyTools } from './read-only-tools.ts'
import { investigateRecorded, storedRecording } from './recording.ts'
import { withoutSecrets } from './recording-secrets.ts'
import { untilWithdrawn } from './until-withdrawn.ts'

export interface IncidentInvestigationDeps {
  sql: Sql
  queue: Queue
  announcer: Announcer
  toolbox: Toolbox
  router: Router
  prompt: Prompt
  neverLeaves: NeverLeaves
  runbooks: () => ReadonlyMap<string, Runbook>
  /** What configuration says; people change it for all or for one incident. */
  mode: Mode
  declared?: DeclaredTools
  limits?: Partial<InvestigationLimits>
  /** Cuts secrets out of what is kept of an investigation. */
  cut: Cut
  /** Unix milliseconds. */
  now: () => number
}

/**
 * Looks into an incident: what its records say goes to the model, each look is kept as evidence of the round, and what it
 * comes to is told on the card. Where one cause is shown, a plan is proposed for it and the round has none, the graph is
 * asked to make that plan; whether it runs is for people to say.
 */
export function incidentInvestigation(deps: IncidentInvestigationDeps): LookInto {
  return async (investigation, { signal, progress }) => {
    const { incident, round } = placeOf(investigation)
    const wanted = untilWithdrawn(deps.sql, investigation.id, signal)
    try {
      const facts = await incidentFacts(deps.sql, { incident, round }, deps.runbooks(), wanted.signal)
      const { report, recording } = facts
        ? await investigate(deps, investigation, facts, wanted.signal, progress)
        : { report: NOT_WANTED, recording: null }
      return {
        report: keptOf(report) as unknown as Json,
        recording: recording && (await withoutSecrets(recording, deps).then(storedRecording, () => null)),
        tell: (tx) => tell(deps, tx, investigation, report),
      }
    } finally {
      wanted.stop()
    }
  }
}

async function investigate(
  deps: IncidentInvestigationDeps,
  investigation: Investigation,
  facts: IncidentFacts,
  signal: AbortSignal,
  progress: (line: string) => void,
) {
  const { sql, toolbox, router, prompt, declared, limits, now, runbooks } = deps
  const { incident } = placeOf(investigation)
  const { mode, signals, deadlineMs } = investigation.request
  const keptHome = facts.allLabels.some(deps.neverLeaves)
  const published = await toolbox.tools().catch(() => [])
  const { severity, labels, annotations, known, required } = facts
  const looking = readOnlyTools(keeping(deps, investigation), { ...(declared && { declared }) })
  return await investigateRecorded(
    { ...{ router, looking, prompt, now }, neverLeaves: () => keptHome, ...(limits && { limits }) },
    {
      ...{ incident, severity, labels, annotations, known, required, deadlineMs, signal },
      plannable: plannableOf(published, runbooks().values(), declared),
      signals: [...signals, ...facts.signals],
      mode: async () => modeWished(mode, await modeNow(sql, deps.mode, incident)),
      onProgress: progress,
    },
  )
}

/** The toolbox, with each answer kept as evidence of the round under the investigation's own keys. */
function keeping({ sql, toolbox }: IncidentInvestigationDeps, investigation: Investigation): Toolbox {
  const place = placeOf(investigation)
  let looks = 0
  return {
    ...toolbox,
    call(tool, args, { deadlineMs, signal }) {
      looks += 1
      const key = `look:${investigation.id.slice(0, 8)}:${looks}`
      const asked = { ...place, key, tool, args, askedBy: `investigation:${investigation.id}` }
      return look({ sql, toolbox }, asked, { deadlineMs, ...(signal && { signal }) })
    },
  }
}

async function tell(
  { queue, announcer }: IncidentInvestigationDeps,
  tx: Tx,
  investigation: Investigation,
  { ending, conclusion, models }: Report,
): Promise<void> {
  const { incident, round } = placeOf(investigation)
  const [cause] = conclusion?.causes ?? []
  await happened(tx, {
    incident,
    round,
    name: 'investigation ended',
    actor: 'agent',
    detail: {
      because: cause?.title ?? conclusion?.summary ?? ENDED[ending],
      finding: conclusion?.finding ?? null,
      models: models.map(({ model }) => model),
    },
    key: `investigated:${investigation.id}`,
  })
  if (ending === 'concluded' && conclusion?.finding === 'cause_found' && cause?.plan)
    await askForPlan(tx, queue, investigation)
  await announcer.card(tx, [incident])
}

/** Only a round without a plan takes it up; the graph looks once more when it does. */
async function askForPlan(tx: Tx, queue: Queue, investigation: Investigation): Promise<void> {
  const { incident: id, round } = placeOf(investigation)
  const incident = await findIncident(tx, id)
  if (!incident || incident.round !== round || !['open', 'watching'].includes(incident.status)) return
  const params = { subject: investigation.id, cause: 0, round }
  await tx`insert into requests (incident_id, verb, params, by) values (${id}, 'plan', ${json(tx, params)}, 'agent')`
  await wake(tx, queue, [id])
}

const ENDED: Record<Report['ending'], string> = {
  concluded: 'It has ended.',
  limit: 'It looked as often as it may.',
  deadline: 'Its time was over.',
  no_model: 'No model could help.',
  cancelled: 'Nobody wanted it any more.',
}

const NOT_WANTED: Report = {
  ending: 'cancelled',
  conclusion: undefined,
  evidence: [],
  unsupported: 0,
  looks: 0,
  refused: [],
  models: [],
  degraded: [],
  tokens: 0,
  microUsd: 0,
}

/** The evidence itself stands in its rows, and in the record of the investigation. */
function keptOf({ conclusion, evidence, ...report }: Report): KeptReport {
  return {
    ...report,
    ...(conclusion && { conclusion }),
    evidence: evidence.map(({ id, source }) => ({ id, source: source.slice(0, 300) })),
  }
}

/** The report as it is kept; undefined for one that failed or has none. */
export function reportOf({ report }: { report: Json | null }): KeptReport | undefined {
  const kept = report as unknown as KeptReport | FailedReport | null
  return kept === null || 'failed' in kept ? undefined : kept
}

function placeOf({ id, incident, round }: Investigation): { incident: number; round: number } {
  if (incident === null || round === null) throw new Error(`the investigation ${id} belongs to no round of an incident`)
  return { incident, round }
}
