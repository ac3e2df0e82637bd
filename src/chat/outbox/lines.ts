import type { IncidentView } from '../../domain/view.ts'
import type { PingKind } from '../../incidents/announce.ts'
import { headline } from '../cards/headline.ts'
import { stateOf } from '../cards/state.ts'
import { lasting } from '../cards/times.ts'
import { keptHomeWords, outcomeWords } from '../cards/words.ts'

/** One line for the topic of what is over: `✅ #12 radarr – keeps running out of memory: fixed in 4 min`. */
export function closingLine(view: IncidentView): string {
  const { incident } = view
  const outcome = incident.outcome === null ? 'over' : outcomeWords[incident.outcome]
  const took = lasting((incident.closedAt ?? view.now).getTime() - incident.openedAt.getTime())
  const fixed = incident.outcome === 'fixed'
  return `${fixed ? '✅' : '⚪'} #${incident.id} ${titleOf(view)}: ${outcome} ${fixed ? 'in' : 'after'} ${took}`
}

/** What stands in the place of a card that the messenger will not have: what it is about, and where it can be read. */
export function plainCard(view: IncidentView, publicUrl: string | undefined): string {
  const { incident } = view
  const line = incident.status === 'closed' ? closingLine(view) : listLine(view)
  const where = publicUrl === undefined ? 'the console shows it.' : `${publicUrl}/incidents/${incident.id}`
  return `${line}\nIts card cannot be shown here: ${where}`
}

/** One line of a list of incidents: `🔴 #12 radarr – keeps running out of memory`. */
export function listLine(view: IncidentView): string {
  return `${severitySign[view.incident.severity]} #${view.incident.id} ${titleOf(view)}`
}

export const severitySign = { critical: '🔴', warning: '🟠', info: '🔵', none: '🔵' } as const

/** Whether what a ping is about still holds: an answer given in the meantime needs no more noise. */
export function stillTrue(view: IncidentView, kind: string): boolean {
  const { incident } = view
  switch (kind as PingKind) {
    case 'approval':
      return incident.status === 'waiting' && view.approval?.status === 'pending'
    case 'doubt':
      return stateOf(view) === 'doubt'
    case 'failed':
      return incident.status !== 'closed' || incident.outcome === 'not_fixed' || incident.outcome === 'reverted'
    case 'unknown':
      return stateOf(view) === 'unknown' && incident.status !== 'closed'
    case 'critical':
      return incident.status !== 'closed'
    default:
      return false
  }
}

function titleOf({ incident, runbookTitle, keptHome }: IncidentView): string {
  if (keptHome) return keptHomeWords(incident.severity)
  return headline({ ...incident, runbookTitle })
}

/**
 * Plain text as HTML in which nothing becomes a link, a mention or a command: whatever could is set as code.
 * https://core.telegram.org/bots/api#html-style
 */
export function lineHtml(text: string): string {
  return text
    .toWellFormed()
    .split(/(\s+)/)
    .map((word) => (clickable.test(word) ? `<code>${escapeText(word)}</code>` : escapeText(word)))
    .join('')
}

const clickable = /[.:/@]\S|^[/@$]\S|#\w*[A-Za-z_]|\d{7}/

function escapeText(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}
