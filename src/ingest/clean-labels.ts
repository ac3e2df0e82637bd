import type { Labels } from '../domain/alert.ts'
import { isStorable, storable } from '../domain/storable.ts'

export type Limits = {
  /** Names kept at most. */
  names: number
  nameLength: number
  valueLength: number
  /** What they are called in a mark: `labels`, `annotations`. */
  noun: string
}

/** Kept first where there are too many: without these nobody knows what an alert is about. */
const telling = [
  'alertname',
  'severity',
  'cluster',
  'namespace',
  'workload',
  'deployment',
  'statefulset',
  'daemonset',
  'job_name',
  'pod',
  'node',
  'instance',
  'summary',
  'description',
  'runbook_url',
]

/**
 * Makes a name-to-text map safe to store, and adds a mark in words for each thing that had to be changed. NUL and lone
 * surrogates cannot be stored in Postgres; right-to-left and zero-width characters can, and are the card's to show
 * harmlessly. Anything that is no object gives an empty map and a mark.
 */
export function cleanLabels(raw: unknown, limits: Limits, marks: Set<string>): Labels {
  if (typeof raw !== 'object' || raw === null || Array.isArray(raw)) {
    if (raw !== undefined && raw !== null) marks.add(`its ${limits.noun} could not be read`)
    return {}
  }
  if (isClean(raw, limits)) return raw
  const entries = pick(Object.entries(raw), limits, marks)
  // fromEntries defines each name as the map's own, so that a label called __proto__ stays a label.
  return Object.fromEntries(
    entries.map(([name, value]) => [
      cleanText(name, limits.nameLength, marks),
      cleanText(toText(value, limits, marks), limits.valueLength, marks),
    ]),
  )
}

/** A text that can be stored, with a mark where it is not what was sent. */
export function cleanText(text: string, maxLength: number, marks: Set<string>): string {
  let clean = text
  if (!isStorable(clean)) {
    marks.add('characters that cannot be stored were replaced')
    clean = storable(clean)
  }
  if (clean.length > maxLength) {
    marks.add('text that was too long was cut')
    // Never half of a surrogate pair.
    clean = `${clean.slice(0, maxLength - 1).replace(/[\uD800-\uDBFF]$/, '')}…`
  }
  return clean
}

/** The usual case, decided without copying anything. */
function isClean(raw: object, { names, nameLength, valueLength }: Limits): raw is Labels {
  let count = 0
  for (const [name, value] of Object.entries(raw)) {
    if (++count > names || typeof value !== 'string' || name === '__proto__') return false
    if (name.length > nameLength || value.length > valueLength || !isStorable(name) || !isStorable(value)) return false
  }
  return true
}

function pick(entries: [string, unknown][], { names, noun }: Limits, marks: Set<string>): [string, unknown][] {
  if (entries.length <= names) return entries
  marks.add(`${entries.length - names} of its ${entries.length} ${noun} were left out`)
  const rank = ([name]: [string, unknown]) => (telling.includes(name) ? 0 : 1)
  return entries.toSorted((a, b) => rank(a) - rank(b)).slice(0, names)
}

function toText(value: unknown, { noun, valueLength }: Limits, marks: Set<string>): string {
  if (typeof value === 'string') return value
  marks.add(`${noun} that were no text were made text`)
  if (typeof value === 'object' && value !== null) return JSON.stringify(value).slice(0, valueLength + 1)
  return String(value)
}
