import { cardOf } from '../chat/cards/cards.ts'
import type { Answer } from '../domain/answer.ts'
import type { IncidentView } from '../domain/view.ts'
import type { Known, Page } from './known.ts'

const MOST_LINES = 6
const MOST_PAGES = 4

/** What can be said without any model: how it stands by the records, which pages fit, and what can be asked. */
export function answerByRules({
  view,
  all,
  pages,
  timezone,
}: {
  view: IncidentView | undefined
  /** How the whole stands, for a question about no incident. */
  all: readonly Known[]
  pages: readonly Page[]
  timezone: string
}): Pick<Answer, 'by' | 'lines' | 'notes'> {
  const said = view ? cardLines(view, timezone) : all.flatMap(({ source, text }) => known(source, text))
  const found = pages
    .slice(0, MOST_PAGES)
    .map(({ source, title, because }) => `${title} (${source}), found ${because}.`)
  return {
    by: 'rules',
    lines: [...said.slice(0, MOST_LINES), ...found].map((text) => ({ text, cites: [] })),
    notes: [view ? askAboutOne : askAboutAll],
  }
}

function cardLines(view: IncidentView, timezone: string): string[] {
  const card = cardOf(view, { timezone })
  const lines = card.lines.map(({ label, text }) => (label === undefined ? text : `${label}: ${text}`))
  return [card.title, card.where, ...lines]
}

function known(source: string, text: string): string[] {
  const [first = '', ...rest] = text.split('\n')
  return [source === 'parts' ? [first, ...rest].join(' · ') : first, ...(source === 'parts' ? [] : rest.slice(0, 8))]
}

const askAboutOne =
  'Without a model I tell what the records say. The card has what can be done; Details on it has every check and the timeline.'
const askAboutAll =
  'Without a model I tell what the records say. Ask with /status, /incidents, /runbooks, /budget, or name an incident: /ask #12 …'
