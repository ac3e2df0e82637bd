import { html } from 'hono/html'
import type { Tone } from '../../domain/card.ts'
import { name, prose } from '../cards/clean.ts'
import { headline } from '../cards/headline.ts'
import { personName } from '../cards/people.ts'
import { clockFace, lasting } from '../cards/times.ts'
import { alertsWords, outcomeWords } from '../cards/words.ts'
import type { Html } from './page.ts'
import type { IncidentSummary } from './ports.ts'
import { sign } from './signs.ts'

/** The incidents: what waits for an answer first, then what else is open, then what is over. */
export function listHtml(incidents: readonly IncidentSummary[], timezone: string, now: Date): Html {
  const wanted = incidents.filter((one) => wantsAnswer(one))
  const open = incidents.filter((one) => !wantsAnswer(one) && one.status !== 'closed')
  const closed = incidents.filter(({ status }) => status === 'closed')
  const rows = (some: readonly IncidentSummary[]) => some.map((one) => rowHtml(one, timezone, now))
  const group = (title: string, some: readonly IncidentSummary[]) =>
    some.length === 0
      ? ''
      : html`<section><h2>${title} <span class="number">${some.length}</span></h2><ul class="rows">${rows(some)}</ul></section>`
  return html`<div id="fragment" data-fragment="/fragment" class="list">
<h1 class="page-title">${wanted.length > 0 ? `${wanted.length} ${wanted.length === 1 ? 'waits' : 'wait'} for you` : open.length > 0 ? 'Nothing waits for you' : 'All quiet'}</h1>
${group('Wants an answer', wanted)}${group('Open', open)}${group('Recently over', closed)}
${incidents.length === 0 ? html`<p class="empty big">No alert has come in yet. The first one appears here by itself.</p>` : ''}
</div>`
}

function wantsAnswer({ status, inDoubt }: IncidentSummary): boolean {
  return status === 'waiting' || (inDoubt && status !== 'closed')
}

function rowHtml(incident: IncidentSummary, timezone: string, now: Date): Html {
  const { id, namespace, workload, cluster, firing, total, openedAt, closedAt, takenBy } = incident
  const at = clockFace(timezone, now)
  const place = [namespace, workload]
    .filter((part) => part !== null)
    .map(name)
    .join('/')
  const where = [place, name(cluster), alertsWords(firing, total, at(openedAt))]
    .filter((part) => part !== '')
    .join(' · ')
  const tone = toneOf(incident)
  const stand = [standing(incident), takenBy === null ? '' : `${personName(takenBy)} is on it`].filter(
    (part) => part !== '',
  )
  return html`<li><a class="row tone-${tone}" href="/incidents/${id}">${sign(tone)}
<span class="what"><span class="title">${headline(incident)}</span><span class="where">${where}</span></span>
<span class="stand"><span class="tag">${stand.join(' · ')}</span><span class="small">#${id} · ${
    closedAt
      ? html`<time datetime="${closedAt.toISOString()}">${lasting(now.getTime() - closedAt.getTime())} ago</time>`
      : html`<time datetime="${openedAt.toISOString()}">for ${lasting(now.getTime() - openedAt.getTime())}</time>`
  }</span></span></a></li>`
}

function standing({ status, outcome, inDoubt, because, waitsFor }: IncidentSummary): string {
  if (inDoubt && status !== 'closed') return 'In doubt'
  if (status === 'closed') return upperFirst(outcome === null ? 'over' : outcomeWords[outcome])
  if (waitsFor !== null) return `Waits for #${waitsFor}`
  if (status === 'watching')
    return outcome === null ? prose(because ?? '', 60) || 'Up to you' : upperFirst(outcomeWords[outcome])
  return {
    open: 'Looking',
    waiting: 'Wants an answer',
    running: 'Running',
    verifying: 'Watching the result',
    snoozed: 'Snoozed',
    ignored: 'Ignored',
  }[status]
}

/** The tone of a line, as its card would have it. */
export function toneOf({ status, outcome, inDoubt, severity }: IncidentSummary): Tone {
  if (inDoubt && status !== 'closed') return 'doubt'
  if (outcome === 'unknown') return 'doubt'
  if (outcome === 'fixed') return 'fixed'
  if (outcome === 'not_fixed' || outcome === 'reverted') return 'failed'
  if (status === 'closed' || outcome === 'rejected' || outcome === 'expired') return 'over'
  if (status === 'waiting') return 'ask'
  if (status === 'running' || status === 'verifying') return 'running'
  if (status === 'snoozed' || status === 'ignored') return 'quiet'
  return severity === 'none' ? 'info' : severity
}

function upperFirst(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1)
}
