import type { Answer, AnswerLine, NamedAnswer } from '../domain/answer.ts'
import type { Json } from '../domain/json.ts'
import { inDollars } from '../inference/prices.ts'
import { name, prose } from './cards/clean.ts'

/** An answer in plain words, in parts that a channel sets under one another; nothing in it is markup. */
export interface ToldAnswer {
  lines: string[]
  /** What it rests on: source and quoted words. */
  seen: string[]
  notes: string[]
  /** Which model, why, what it cost. */
  footer: string
}

const LINE = 420
const SEEN = 160
const MOST_SEEN = 6
const PAGE_LINES = 28

/** Reads the report of a question; undefined where it is none. */
export function readAnswer(report: Json | null): Answer | undefined {
  return typeof report === 'object' && report !== null && 'kind' in report && report.kind === 'answer'
    ? (report as unknown as Answer)
    : undefined
}

/** What is said for a report of a question, whatever became of it. */
export function tellAnswer(report: Json | null): ToldAnswer {
  const named = readNamed(report)
  if (named) return tellNamed(named)
  const answer = readAnswer(report)
  if (!answer) return { lines: [failedWords(report)], seen: [], notes: [], footer: '' }
  return {
    lines: answer.lines.map(({ text }) => prose(text, LINE)),
    seen: seenIn(answer.lines),
    notes: answer.notes.map((note) => prose(note, LINE)),
    footer: footerOf(answer),
  }
}

function readNamed(report: Json | null): NamedAnswer | undefined {
  return typeof report === 'object' && report !== null && 'kind' in report && report.kind === 'named'
    ? (report as unknown as NamedAnswer)
    : undefined
}

/** The beginning of its page, line by line without the marks of Markdown; the whole is in its file. */
function tellNamed({ problem, markdown, file, notes }: NamedAnswer): ToldAnswer {
  if (problem !== null) return { lines: [prose(problem, LINE)], seen: [], notes: [], footer: '' }
  const lines = markdown
    .replace(/<details>[\s\S]*?<\/details>/g, '')
    .split('\n')
    .map((line) =>
      prose(
        line
          .replace(/^#+ /, '')
          .replace(/(\*\*|`)/g, '')
          .replace(/\\([^\w\s])/g, '$1'),
        LINE,
      ),
    )
    .filter((line) => line !== '' && !line.startsWith('```'))
  const shown = lines.slice(0, PAGE_LINES)
  const rest = lines.length > shown.length ? [`… and ${lines.length - shown.length} more lines in the report.`] : []
  return {
    lines: shown,
    seen: [],
    notes: [...rest, ...notes.map((note) => prose(note, LINE))],
    footer: `Report: ${file}`,
  }
}

function failedWords(report: Json | null): string {
  const failed = typeof report === 'object' && report !== null && 'failed' in report ? report.failed : undefined
  return typeof failed === 'string' ? prose(failed, LINE) : 'It could not be answered. Ask once more.'
}

function seenIn(lines: readonly AnswerLine[]): string[] {
  const cites = lines.flatMap((line) => line.cites)
  const said = cites.map(({ source, quote }) => `${prose(source, 70)}: “${prose(quote, 80)}”`)
  return [...new Set(said)].slice(0, MOST_SEEN).map((one) => prose(one, SEEN))
}

function footerOf({ by, models, looks, unsupported, refused, microUsd, degraded }: Answer): string {
  const said = models.map(({ model, place, reason, because }) =>
    place === 'cloud' && reason !== 'mode'
      ? `${name(model)} (cloud: ${prose(because, 60)})`
      : `${name(model)} (${place})`,
  )
  const parts = [
    by === 'model' && said.length > 0 ? said.join(', ') : 'answered without a model',
    ...(by === 'model' ? [microUsd === 0 ? 'no cost' : inDollars(microUsd)] : []),
    ...(looks > 0 ? [`${looks} ${looks === 1 ? 'look' : 'looks'}`] : []),
    ...(unsupported > 0 ? [`${unsupported} unsupported, left out`] : []),
    ...(refused.length > 0 ? [`${refused.length} refused`] : []),
    ...degraded.slice(0, 1).map((because) => prose(because, 120)),
  ]
  return parts.join(' · ')
}
