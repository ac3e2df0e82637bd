import { setTimeout as resting } from 'node:timers/promises'
import type { Labels, Severity } from '../domain/alert.ts'
import type { Json, JsonObject } from '../domain/json.ts'
import type { Runbook } from '../domain/runbook.ts'
import { leadingAlert } from '../incidents/alert-rows.ts'
import { findIncident } from '../incidents/incident-rows.ts'
import { lookupRunbooks } from '../knowledge/lookup.ts'
import type { Sql } from '../storage/postgres.ts'
import { toolRules } from '../tools/rules.ts'
import type { Question } from './port.ts'

/** What an incident's records say, before any model is asked. */
export interface IncidentFacts {
  severity: Severity
  labels: Labels
  annotations: Labels
  /** The labels of every alert of it. */
  allLabels: readonly Labels[]
  known: Question['known']
  required: readonly string[]
  signals: Question['signals']
}

/** How long the graph may still be gathering what the checks return. Nobody waits for this but the model. */
const SETTLE_MS = 4_000
const LOOK_AGAIN_MS = 100
/** Pages of runbooks that are shown, and characters of each one's prose. */
const MOST_RUNBOOKS = 4
const PROSE = 1_200
/** Two pages nearer to one another than this are too close to tell. */
const MARGIN = 0.1

/** Gathers what is known of a round. Undefined where the incident is over, or is not there. */
export async function incidentFacts(
  sql: Sql,
  { incident: id, round }: { incident: number; round: number },
  runbooks: ReadonlyMap<string, Runbook>,
  signal: AbortSignal,
): Promise<IncidentFacts | undefined> {
  const incident = await settled(sql, id, round, signal)
  if (!incident || incident.status === 'closed') return undefined
  const [alert, all, rows] = await Promise.all([
    leadingAlert(sql, id),
    sql<{ labels: Labels }[]>`select distinct labels from alerts where incident_id = ${id}`,
    evidenceOf(sql, id, round),
  ])
  const matching = lookupRunbooks(runbooks.values(), alert).map(({ runbook }) => runbook)
  const similar = itemsOf(rows.find(({ key }) => key === 'similar')?.result)
  const shown = [
    ...matching,
    ...similar.flatMap(({ kind, id: page }) => (kind === 'runbook' ? [runbooks.get(page)] : [])),
  ]
  const pages = [...new Set(shown.filter((runbook) => runbook !== undefined))].slice(0, MOST_RUNBOOKS)
  return {
    severity: incident.severity,
    labels: { ...incident.labels, ...alert.labels },
    annotations: alert.annotations,
    allLabels: [incident.labels, ...all.map(({ labels }) => labels)],
    known: [
      ...rows.map(({ key, tool, args, summary, result }) => ({
        // A source is the agent's own word: what an alert or a tool says stands in the text.
        source: `${key}, ${tool}`,
        text: `${key.startsWith('check:') ? `asked with ${JSON.stringify(args)}\n` : ''}${summary}\n${JSON.stringify(result)}`,
      })),
      ...pages.map((runbook) => ({ source: `runbook ${runbook.id}`, text: pageOf(runbook) })),
    ],
    required: requiredTools(matching[0], rows),
    signals: [...closeBy(matching, similar), ...dangerous(matching[0])],
  }
}

async function settled(sql: Sql, id: number, round: number, signal: AbortSignal) {
  const until = performance.now() + SETTLE_MS
  for (;;) {
    const incident = await findIncident(sql, id)
    const gathering = incident?.status === 'open' && incident.round === round
    if (!gathering || performance.now() > until || signal.aborted) return incident
    await resting(LOOK_AGAIN_MS)
  }
}

interface Row {
  key: string
  tool: string
  args: JsonObject
  ok: boolean
  summary: string
  result: Json
}

/** What the graph itself has found in this round: what changed, the runbook's checks, what is similar. */
async function evidenceOf(sql: Sql, incident: number, round: number): Promise<Row[]> {
  return await sql<Row[]>`
    select key, tool, args, ok, summary, result from evidence
    where incident_id = ${incident} and round = ${round} and key ~ '^(changed|check:|similar)'
    order by key !~ '^changed', key = 'similar', at, key limit 20`
}

/** The tools of the runbook's checks that nobody has had an answer from. */
function requiredTools(runbook: Runbook | undefined, rows: readonly Row[]): string[] {
  const answered = new Set(rows.filter(({ ok }) => ok).map(({ tool }) => tool))
  const tools = (runbook?.checks ?? []).filter(({ required }) => required).map(({ tool }) => tool)
  return [...new Set(tools)].filter((tool) => !answered.has(tool))
}

function closeBy(matching: readonly Runbook[], similar: readonly Similar[]): IncidentFacts['signals'] {
  const [first, second] = similar.filter(({ kind }) => kind === 'runbook')
  if (matching.length > 0 || !first || !second || first.likelihood - second.likelihood >= MARGIN) return []
  return [{ reason: 'margin', because: `${first.id} and ${second.id} fit about as well` }]
}

/** A count that is only known when it is filled in says nothing yet. */
function dangerous(runbook: Runbook | undefined): IncidentFacts['signals'] {
  const step = runbook?.steps.find(({ tool, args }) => {
    const rule = toolRules.get(tool)
    const open = Object.values(args).some((value) => typeof value === 'string' && value.includes('${'))
    return rule?.effectOf && !open
      ? rule.effectOf(args) === 'destructive'
      : !rule?.effectOf && rule?.effect === 'destructive'
  })
  return step ? [{ reason: 'risk', because: `the runbook ${runbook?.id} would use ${step.tool}` }] : []
}

interface Similar {
  kind: string
  id: string
  likelihood: number
}

function itemsOf(result: Json | undefined): Similar[] {
  const { items } = Object(result) as { items?: Json }
  return (Array.isArray(items) ? items : []).map((item: Json) => {
    const { kind, id, likelihood } = Object(item) as JsonObject
    return { kind: String(kind), id: String(id), likelihood: Number(likelihood) }
  })
}

function pageOf({ title, match, inputs, checks, steps, prose }: Runbook): string {
  return [
    `title: ${title}`,
    `for the alerts: ${match.alertnames.join(', ') || 'any with its labels'}`,
    `inputs: ${inputs.map(({ name, format }) => `${name} (${format})`).join(', ') || 'none'}`,
    `checks: ${checks.map(({ id, tool, shows }) => `${id} by ${tool}${shows ? `, ${shows}` : ''}`).join('; ') || 'none'}`,
    `steps: ${steps.map(({ tool, does }) => `${tool}${does ? `, ${does}` : ''}`).join('; ') || 'none, it only advises'}`,
    prose.slice(0, PROSE),
  ].join('\n')
}
