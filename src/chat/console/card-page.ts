import { html } from 'hono/html'
import type { Button, ButtonSpec, Card } from '../../domain/card.ts'
import { atLeast } from '../../domain/person.ts'
import { buttonKey } from '../cards/cards.ts'
import type { Html } from './page.ts'
import type { Session } from './ports.ts'
import { sign } from './signs.ts'

export interface CardOnPage {
  card: Card
  buttons: readonly Button[]
  session: Session
  /** The plan asks for its target's name, typed. */
  typed: boolean
}

/** A card as HTML: the block of what would run first, and a form for each button. */
export function cardHtml({ card, buttons, session, typed }: CardOnPage): Html {
  const tokens = new Map(buttons.map((button) => [buttonKey(button), button.token]))
  const form = (spec: ButtonSpec) => buttonForm(spec, tokens.get(buttonKey(spec)), { card, session, typed })
  const shown = (specs: readonly ButtonSpec[]) => specs.filter(({ verb }) => verb !== 'menu' && verb !== 'details')
  const decisions = card.rows.map(shown).filter((row) => row.length > 0)
  return html`<article class="card tone-${card.tone}" aria-labelledby="title">
<header>${sign(card.tone)}<div><h1 id="title">${card.title}</h1><p class="where">${card.where}</p></div></header>
${card.block ? blockHtml(card.block) : ''}
<div class="told">${card.lines.map(({ label, text }) => html`<p>${label ? html`<b>${label}</b> ` : ''}${text}</p>`)}</div>
${
  atLeast(session.person.role, 'operator')
    ? html`<div class="decisions">${decisions.map((row) => html`<div class="buttons">${row.map(form)}</div>`)}</div>
${menuHtml('Quiet', shown(card.quiet).map(form))}${menuHtml('More', shown(card.more).map(form))}`
    : html`<p class="note">You may look, but not decide: your role is viewer.</p>`
}
<footer>${card.footer}</footer>
</article>`
}

function blockHtml(block: readonly string[]): Html {
  const [head = '', ...lines] = block
  return html`<div class="block" role="group" aria-label="${head}"><p class="block-head">${head}</p>
<pre tabindex="0">${lines.map(
    (line) => html`<span class="${kindOf(line)}">${line}
</span>`,
  )}</pre></div>`
}

function kindOf(line: string): string {
  if (/^ {2}- /.test(line)) return 'from'
  if (/^ {2}\+ /.test(line)) return 'to'
  if (/^ {2}⚠/.test(line)) return 'careful'
  return /^\d+ /.test(line) ? 'step' : 'plain'
}

function menuHtml(label: string, forms: Html[]): Html | '' {
  if (forms.length === 0) return ''
  return html`<details class="menu" id="menu-${label.toLowerCase()}"><summary>${label}</summary><div class="buttons menu-body">${forms}</div></details>`
}

const looks: Partial<Record<ButtonSpec['verb'], string>> = {
  approve: 'go',
  confirm: 'go',
  reject: 'stop',
  abandon: 'stop',
}

function buttonForm(spec: ButtonSpec, token: string | undefined, on: Omit<CardOnPage, 'buttons'>): Html {
  // Signs are for chat, where a button has nothing else to be told by.
  const label = spec.label.replace(/^[^\p{L}]+/u, '')
  if (token === undefined) return html`<button class="${looks[spec.verb] ?? ''}" disabled>${label}</button>`
  const asksName = spec.verb === 'confirm' && on.typed
  const asksEdits = spec.verb === 'modify'
  return html`<form method="post" action="/press" class="${asksName || asksEdits ? 'press named' : 'press'}">
<input type="hidden" name="csrf" value="${on.session.csrf}"><input type="hidden" name="token" value="${token}"><input type="hidden" name="incident" value="${on.card.incident}">
${
  asksName
    ? html`<label for="typed">The target's name, typed</label><input id="typed" name="typed" autocomplete="off" autocapitalize="none" spellcheck="false">`
    : ''
}${
  asksEdits
    ? html`<label for="edits">What to change: memory=2Gi, or in words</label><input id="edits" name="typed" autocomplete="off" maxlength="2000">`
    : ''
}
<button class="${looks[spec.verb] ?? ''}">${label}</button></form>`
}
