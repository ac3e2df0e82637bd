import { html } from 'hono/html'
import type { Button } from '../../domain/card.ts'
import type { Action, Plan } from '../../domain/plan.ts'
import type { Finding, IncidentView } from '../../domain/view.ts'
import { cardOf } from '../cards/cards.ts'
import { ascii, name, prose } from '../cards/clean.ts'
import { doneMeans } from '../cards/conditions.ts'
import { byWords, eventWords } from '../cards/details.ts'
import { diagnosisDetails } from '../cards/diagnosis.ts'
import { personName } from '../cards/people.ts'
import { type At, clockFace } from '../cards/times.ts'
import { cardHtml } from './card-page.ts'
import type { Html } from './page.ts'
import type { AskedOnPage, Session } from './ports.ts'
import { questionsHtml } from './question-box.ts'

export interface IncidentOnPage {
  view: IncidentView
  buttons: readonly Button[]
  asked: readonly AskedOnPage[]
  session: Session
  timezone: string
}

/** All there is to an incident: its card with live buttons, then what was seen, planned, reported and done. */
export function incidentHtml({ view, buttons, asked, session, timezone }: IncidentOnPage): Html {
  const at = clockFace(timezone, view.now)
  const typed = view.approval?.asks === 'self_two'
  return html`<div class="incident" id="fragment" data-fragment="/incidents/${view.incident.id}/fragment" data-incident="${view.incident.id}">
<p class="crumbs"><a href="/">Incidents</a> › #${view.incident.id}</p>
<div class="columns">
<div class="first">${cardHtml({ card: cardOf(view, { timezone, whole: true }), buttons, session, typed })}</div>
<div class="second">
${asked.length > 0 ? section('Questions', questionsHtml(asked, at)) : ''}
${section('Timeline', timeline(view, at))}
${section('What was checked', findings(view.findings, at))}
${view.investigations.length > 0 ? section('What models made of it', diagnosis(view)) : ''}
${view.plan ? section('Plan', planHtml(view.plan, at)) : ''}
${section('Alerts', alerts(view, at))}
</div></div></div>`
}

function section(title: string, body: Html): Html {
  return html`<section class="part"><h2>${title}</h2>${body}</section>`
}

function time(date: Date, at: At): Html {
  return html`<time datetime="${date.toISOString()}">${at(date)}</time>`
}

function timeline({ timeline: events }: IncidentView, at: At): Html {
  if (events.length === 0) return html`<p class="empty">Nothing has happened yet.</p>`
  const newestFirst = [...events].reverse()
  return html`<ol class="events">${newestFirst.map(
    (event) =>
      html`<li class="event">${time(event.at, at)} <span>${eventWords(event)}<span class="small">${byWords(event)}</span></span></li>`,
  )}</ol>`
}

function findings(found: readonly Finding[], at: At): Html {
  if (found.length === 0) return html`<p class="empty">Nothing was checked yet.</p>`
  return html`<ul class="findings">${found.map(
    ({ key, tool, ok, summary, at: when }) => html`<li class="finding ${ok ? 'held' : 'missed'}">
<span class="mark" aria-hidden="true">${ok ? '✓' : '✗'}</span>
<div><p>${prose(summary, 2_000) || 'No answer'}<span class="hidden">${ok ? ' (as expected)' : ' (not as expected)'}</span></p>
<p class="small">${name(key)} · ${tool.split(' ').map(name).join(', ')} · ${time(when, at)}</p></div></li>`,
  )}</ul>`
}

function diagnosis(view: IncidentView): Html {
  const told = diagnosisDetails(view)
  if (told.length === 0) return html`<p class="empty">Nothing yet.</p>`
  return html`${told.map((text) => html`<p class="said">${text}</p>`)}`
}

function planHtml({ digest, body, proposedBy, createdAt }: Plan, at: At): Html {
  const inputs = Object.entries(body.inputs).map(([key, value]) => `${name(key)} = ${name(String(value))}`)
  return html`<dl>
<dt>Digest</dt><dd><code class="long">${digest}</code></dd>
<dt>Proposed</dt><dd>by ${personName(proposedBy)} at ${time(createdAt, at)}, round ${body.round}</dd>
${body.runbook ? html`<dt>Runbook</dt><dd>${name(body.runbook.id)} <code>${name(body.runbook.version.slice(0, 12))}</code></dd>` : ''}
${inputs.length > 0 ? html`<dt>Filled with</dt><dd>${inputs.join(', ')}</dd>` : ''}
<dt>Done means</dt><dd>${doneMeans(body.verify)}</dd>
</dl>${body.actions.map(actionHtml)}`
}

function actionHtml(action: Action): Html {
  const exact = (value: unknown) => JSON.stringify(value, null, 2).split('\n').map(ascii).join('\n')
  return html`<details class="exact" id="step-${action.index}"><summary>Step ${action.index + 1}, to the letter</summary>
<p class="small">${name(action.tool)} is called with</p>
<pre tabindex="0">${exact(action.arguments)}</pre>
<p class="small">The way back</p><pre tabindex="0">${exact(action.wayBack)}</pre></details>`
}

function alerts({ alerts: reported, total }: IncidentView, at: At): Html {
  const labelled = (labels: Readonly<Record<string, string>>) =>
    Object.entries(labels).map(([key, value]) => html`<span class="label">${name(key)}=${name(value)}</span>`)
  const more = total > reported.length ? html`<p class="small">and ${total - reported.length} more</p>` : ''
  return html`<ul class="alerts">${reported.map(
    ({ status, labels, annotations, startsAt, endsAt, marks }) => html`<li>
<p><b class="${status}">${status}</b> since ${time(startsAt, at)}${endsAt ? html`, until ${time(endsAt, at)}` : ''}</p>
${Object.entries(annotations).map(([key, value]) => html`<p class="said"><span class="small">${name(key)}</span> ${prose(value, 1_000)}</p>`)}
<p class="labels">${labelled(labels)}</p>${marks.map((mark) => html`<p class="small">${prose(mark, 300)}</p>`)}</li>`,
  )}</ul>${more}`
}
