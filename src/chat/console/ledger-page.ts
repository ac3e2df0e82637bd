import { html } from 'hono/html'
import type { Json } from '../../domain/json.ts'
import { ascii, cut, prose } from '../cards/clean.ts'
import { clockFace } from '../cards/times.ts'
import type { Html } from './page.ts'
import type { LedgerLine } from './ports.ts'

/** The newest entries of the ledger, the newest first. */
export function ledgerHtml(lines: readonly LedgerLine[], timezone: string, now: Date): Html {
  const at = clockFace(timezone, now)
  const rows = lines.map(
    ({ seq, kind, incident, at: when, body, hash }) => html`<tr>
<td class="num">${seq}</td><td><time datetime="${when.toISOString()}">${at(when)}</time></td>
<td><span class="tag kind-${kind.replace(/[^a-z_]/g, '')}">${prose(kind.replaceAll('_', ' '), 40)}</span></td>
<td>${incident === null ? '' : html`<a href="/incidents/${incident}">#${incident}</a>`}</td>
<td class="body">${bodyWords(body)}</td><td><code title="${ascii(hash)}">${ascii(hash.slice(0, 10))}</code></td></tr>`,
  )
  return html`<h1 class="page-title">Ledger</h1>
<p class="lead">What was shown, decided and run, and what came of it. Each entry carries the hash of the one before: <code>audit verify</code> finds any that was changed.</p>
${
  lines.length === 0
    ? html`<p class="empty big">Nothing is written yet.</p>`
    : html`<div class="scroll"><table><thead><tr><th scope="col">Entry</th><th scope="col">At</th><th scope="col">What</th><th scope="col">Incident</th><th scope="col">Record</th><th scope="col">Hash</th></tr></thead><tbody>${rows}</tbody></table></div>`
}`
}

function bodyWords(body: Readonly<Record<string, Json>>): Html[] {
  return Object.entries(body).map(
    ([key, value]) =>
      html`<span class="pair"><span class="small">${ascii(key)}</span> ${cut(valueWords(value), 160)}</span> `,
  )
}

/** Lists of things read as people write them, their times left out: `alice admin approve, bob operator approve`. */
function valueWords(value: Json): string {
  if (Array.isArray(value) && value.length > 0) return value.map(itemWords).join(', ')
  return typeof value === 'string' ? prose(value, 160) : ascii(JSON.stringify(value))
}

function itemWords(item: Json): string {
  if (item === null || typeof item !== 'object' || Array.isArray(item)) return ascii(JSON.stringify(item))
  const told = Object.entries(item).filter(([key]) => key !== 'at')
  return told
    .map(([, value]) => (typeof value === 'string' ? prose(value, 60) : ascii(JSON.stringify(value))))
    .join(' ')
}
