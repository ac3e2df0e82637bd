import { html } from 'hono/html'
import { prose } from '../cards/clean.ts'
import { personName } from '../cards/people.ts'
import type { At } from '../cards/times.ts'
import type { Html } from './page.ts'
import type { AskedOnPage, Session } from './ports.ts'

/** Where anybody signed in asks about an incident; it stands beside the part that is exchanged, so that typing goes on. */
export function questionBox(incident: number, { csrf }: Session): Html {
  return html`<section class="part ask"><h2>Ask</h2>
<form method="post" action="/ask" class="press">
<input type="hidden" name="csrf" value="${csrf}"><input type="hidden" name="incident" value="${incident}">
<label for="question">About this incident, in your own words</label>
<input id="question" name="question" autocomplete="off" maxlength="2000" required>
<button>Ask</button></form></section>`
}

/** What was asked and what came of it, the newest last. */
export function questionsHtml(asked: readonly AskedOnPage[], at: At): Html {
  return html`<ol class="events">${asked.map(
    ({
      by,
      text,
      at: when,
      progress,
      answer,
    }) => html`<li class="event"><time datetime="${when.toISOString()}">${at(when)}</time>
<div><p><b>${personName(by)}</b> ${prose(text, 400)}</p>
${
  answer
    ? html`${[...answer.lines, ...answer.notes].map((line) => html`<p>${line}</p>`)}
${answer.seen.length > 0 ? html`<p class="small">Seen: ${answer.seen.join(' · ')}</p>` : ''}<p class="small">${answer.footer}</p>`
    : html`<p class="small">${prose(progress ?? 'Looking …', 200)}</p>`
}</div></li>`,
  )}</ol>`
}
