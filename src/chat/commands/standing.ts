import { policyNow } from '../../autonomy/policy-setting.ts'
import { policyWords } from '../../autonomy/policy-words.ts'
import type { Labels } from '../../domain/alert.ts'
import type { IncidentStatus } from '../../domain/incident.ts'
import type { Person } from '../../domain/person.ts'
import { type IncidentRow, toIncident } from '../../incidents/incident-rows.ts'
import type { Tx } from '../../storage/postgres.ts'
import { headline } from '../cards/headline.ts'
import { lasting } from '../cards/times.ts'
import { keptHomeWords } from '../cards/words.ts'
import { severitySign } from '../outbox/lines.ts'
import { escapeHtml } from '../telegram-html.ts'
import type { CommandDeps, Reply } from './command.ts'
import { statusWords } from './words.ts'

/** How long the link is good for is the console's to say; that it is for one use is what matters here. */
export async function login({ consoleLink }: CommandDeps, person: Person): Promise<Reply> {
  const link = await consoleLink(person)
  if (link === undefined) return { text: 'The console is switched off here.' }
  const html = `${escapeHtml(link)}\n\nIt works once, for you, and only for a few minutes. Do not pass it on.`
  return { text: '', html, secret: true }
}

export async function status({ troubles }: CommandDeps, tx: Tx): Promise<Reply> {
  const policy = await policyNow(tx)
  const open = await tx<{ status: IncidentStatus; count: number }[]>`
    select status, count(*) as count from incidents where closed_at is null group by status order by status`
  const [outbox] = await tx<{ waiting: number; oldest: number | null }[]>`
    select count(*) as waiting, extract(epoch from watch_now() - min(created_at))::float8 * 1000 as oldest
    from outbox where sent_at is null`
  const waiting = outbox?.waiting ?? 0
  const total = open.reduce((sum, { count }) => sum + count, 0)
  const parts = open.map(({ status, count }) => `${count} ${statusWords[status]}`)
  const lines = [
    `Policy: ${policyWords[policy]}`,
    total === 0 ? 'Nothing is open.' : `Open: ${total} (${parts.join(', ')})`,
    waiting === 0
      ? 'Everything has been said here.'
      : `Still to be said here: ${waiting}, the oldest for ${lasting(outbox?.oldest ?? 0)}`,
    ...troubles(),
  ]
  return { text: lines.join('\n') }
}

const LISTED = 30

/** What stays at home is listed without a word of what it is. */
export async function incidents({ runbookOf, keepsHome = () => false }: CommandDeps, tx: Tx): Promise<Reply> {
  const rows = await tx<(IncidentRow & { every_label: Labels[] })[]>`
    select *, jsonb_build_array(labels) || (
        select coalesce(jsonb_agg(distinct a.labels), '[]') from alerts a where a.incident_id = incidents.id) as every_label
    from incidents where closed_at is null order by (severity = 'critical') desc, id desc limit ${LISTED + 1}`
  if (rows.length === 0) return { text: 'Nothing is open.' }
  const lines = rows.slice(0, LISTED).map((row) => {
    const incident = toIncident(row)
    const runbookTitle = incident.runbookId === null ? null : (runbookOf(incident.runbookId)?.title ?? null)
    const home = row.every_label.some(keepsHome)
    const what = home ? keptHomeWords(incident.severity) : headline({ ...incident, runbookTitle }, 70)
    return `${severitySign[incident.severity]} #${incident.id} ${what}: ${statusWords[incident.status]}`
  })
  return { text: [...lines, ...(rows.length > LISTED ? ['… and more in the console'] : [])].join('\n') }
}
