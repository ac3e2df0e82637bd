import type { IncidentView } from '../domain/view.ts'
import type { KnowledgeSearch } from '../knowledge/retrieval/knowledge-search.ts'
import type { Sql } from '../storage/postgres.ts'
import type { Toolbox } from '../tools/toolbox.ts'

/** Something that is known before anything is looked at. */
export interface Known {
  source: string
  text: string
}

const EVIDENCE_ROWS = 8
const EVENTS = 20
const BODY_CHARACTERS = 1_500

/** What the records of an incident say, each with its source. */
export async function knownOfIncident(sql: Sql, view: IncidentView): Promise<Known[]> {
  const { incident } = view
  return [
    { source: 'alert', text: alertText(view) },
    { source: `incident #${incident.id}`, text: standing(view) },
    ...(await looks(sql, incident.id, incident.round)),
    ...(view.plan ? [{ source: 'plan', text: planText(view) }] : []),
    { source: 'timeline', text: timeline(view) },
    ...(await saidBefore(sql, incident.id)),
  ]
}

function alertText({ incident, firing, total }: IncidentView): string {
  const lines = [...Object.entries(incident.labels), ...Object.entries(incident.annotations)]
  return [`${firing} of ${total} alerts firing`, ...lines.map(([key, value]) => `${key}: ${value.slice(0, 600)}`)].join(
    '\n',
  )
}

function standing({ incident, approval, policy, runbookTitle }: IncidentView): string {
  const facts: [string, string | null][] = [
    ['alert', incident.alertname],
    ['status', incident.status],
    ['outcome', incident.outcome],
    ['severity', incident.severity],
    ['cluster', incident.cluster],
    ['namespace', incident.namespace],
    ['workload', incident.workload],
    ['since', incident.openedAt.toISOString()],
    ['over since', incident.closedAt?.toISOString() ?? null],
    ['because', incident.because],
    ['runbook', incident.runbookId && `${incident.runbookId} (${runbookTitle ?? 'no title'})`],
    ['round', String(incident.round)],
    ['taken by', incident.takenBy],
    ['approval', approval && `${approval.status}, asks ${approval.asks}, because ${approval.because}`],
    ['policy', policy],
  ]
  return facts.flatMap(([name, value]) => (value ? [`${name}: ${value}`] : [])).join('\n')
}

async function looks(sql: Sql, incident: number, round: number): Promise<Known[]> {
  const rows = await sql<{ key: string; tool: string; summary: string; body: string; at: Date }[]>`
    select key, tool, summary, left(result::text, ${BODY_CHARACTERS}) as body, at from evidence
    where incident_id = ${incident} and round = ${round} order by at desc limit ${EVIDENCE_ROWS}`
  return rows.map(({ key, tool, summary, body, at }) => ({
    source: `${key} (${tool}, ${at.toISOString()})`,
    text: `${summary}\n${body}`,
  }))
}

function planText({ plan, effects }: IncidentView): string {
  return (plan?.body.actions ?? [])
    .map(({ index, tool, arguments: args, diff, dryRun, wayBack }) => {
      const { precondition: _bound, ...plain } = args
      const effect = effects.findLast((one) => one.planId === plan?.id && one.action === index)
      const changes = diff.map(({ field, from, to }) => `${field}: ${from} -> ${to}`).join(', ')
      const back = 'none' in wayBack ? `none, ${wayBack.none}` : `${wayBack.tool} ${JSON.stringify(wayBack.arguments)}`
      return `step ${index + 1}: ${tool} ${JSON.stringify(plain)}\n  changes ${changes}\n  dry run: ${dryRun}\n  way back: ${back}\n  state: ${effect ? `${effect.status} ${effect.because ?? ''}` : 'not begun'}`
    })
    .join('\n')
}

function timeline({ timeline: events }: IncidentView): string {
  return events
    .slice(-EVENTS)
    .map(({ at, name, actor, to, detail }) => {
      const because = typeof detail.because === 'string' ? `: ${detail.because}` : ''
      return `${at.toISOString()} ${name} by ${actor}${to ? `, now ${to}` : ''}${because}`
    })
    .join('\n')
}

/** What was found out, and what was asked and answered, lately. */
async function saidBefore(sql: Sql, incident: number): Promise<Known[]> {
  const rows = await sql<{ kind: string; who: string; asked: string | null; found: string; at: Date }[]>`
    select kind, asked_by as who, request->>'text' as asked, ended_at as at,
      left(case kind when 'question' then report->>'lines' else coalesce(report->>'conclusion', report::text) end,
        ${BODY_CHARACTERS}) as found
    from investigations
    where incident_id = ${incident} and status = 'done' and kind <> 'named' and report is not null
      and request->>'plan' is null and ended_at > watch_now() - interval '1 day'
    order by ended_at desc limit 4`
  return rows.flatMap(({ kind, who, asked, found, at }) =>
    found === null
      ? []
      : [
          kind === 'question'
            ? { source: `earlier question of ${who}, ${at.toISOString()}`, text: `${asked ?? ''}\n${found}` }
            : { source: `investigation, ${at.toISOString()}`, text: found },
        ],
  )
}

export interface Whole {
  sql: Sql
  toolbox: Toolbox
  models: readonly { place: string; model: string; ready: boolean }[]
  /** Incidents that must not be spoken of elsewhere are counted and not described. */
  staysHome: (labels: Readonly<Record<string, string>>) => boolean
}

/** How the whole stands: open incidents, and the parts. */
export async function knownOfAll({ sql, toolbox, models, staysHome }: Whole): Promise<Known[]> {
  const open = await sql<OpenIncident[]>`
    select id, status, severity, alertname, cluster, namespace, workload, because, opened_at as "openedAt",
      (select coalesce(jsonb_agg(a.labels), '[]') from alerts a where a.incident_id = incidents.id) || labels as labels
    from incidents where closed_at is null order by (severity = 'critical') desc, id desc limit 40`
  const lines = open.map((one) =>
    one.labels.some(staysHome)
      ? `#${one.id} (kept at home)`
      : `#${one.id} ${one.severity} ${one.status}: ${one.alertname} ${[one.cluster, one.namespace, one.workload].filter(Boolean).join('/')} since ${one.openedAt.toISOString()}${one.because ? `, ${one.because}` : ''}`,
  )
  const servers = toolbox
    .status()
    .map(({ server, state, because, tools }) => `${server}: ${state}, ${tools} tools${because ? `, ${because}` : ''}`)
  const known = models.map(({ place, model, ready }) => `${place} model ${model}: ${ready ? 'ready' : 'not answering'}`)
  return [
    { source: 'open incidents', text: lines.length === 0 ? 'No incident is open.' : lines.join('\n') },
    { source: 'parts', text: [...servers, ...known].join('\n') || 'No part has answered yet.' },
  ]
}

interface OpenIncident {
  id: number
  status: string
  severity: string
  alertname: string
  cluster: string
  namespace: string | null
  workload: string | null
  because: string | null
  labels: Record<string, string>[]
  openedAt: Date
}

/** A page that fits the question. */
export interface Page extends Known {
  title: string
  because: string
}

/** Pages that fit, best first; none where the search is away: the question is answered without them. */
export async function pagesFor(
  knowledge: KnowledgeSearch | undefined,
  { text, incident }: { text: string; incident: number | null },
  signal: AbortSignal,
): Promise<Page[]> {
  if (!knowledge) return []
  const answers = await Promise.all(
    (['runbooks', 'decisions', 'documentation'] as const).map((collection) =>
      knowledge
        .search(collection, { summary: text.slice(0, 1_000) }, { limit: 2, incident, signal })
        .catch(() => undefined),
    ),
  )
  return answers.flatMap((answer) =>
    (answer?.fits ? answer.found.slice(0, 2) : []).map((found) => {
      const { heading, text: excerpt } = found.excerpt()
      return {
        source: `${found.collection}: ${found.id}`,
        text: `${heading}\n${excerpt}`.slice(0, BODY_CHARACTERS),
        title: found.title,
        because: found.because,
      }
    }),
  )
}
