import { termsOf } from './words.ts'

/** What is known of something that is wrong, as it goes into a search. */
export interface Symptoms {
  readonly alertname?: string
  readonly summary?: string
  readonly description?: string
  /** The alert's labels: never searched for, only used to know which words of the text are names of things. */
  readonly labels?: Readonly<Record<string, string>>
}

/**
 * What an alert says of itself. Rules call the same things by several names: a summary is also a `title`, or the `message` beside a
 * description; alone a `message` is the description.
 */
export function symptomsOf(alert: {
  readonly labels: Readonly<Record<string, string>>
  readonly annotations: Readonly<Record<string, string>>
}): Symptoms {
  const { alertname, ...labels } = alert.labels
  const { summary, title, description, message } = alert.annotations
  return {
    ...(alertname && { alertname }),
    summary: summary ?? title ?? (description === undefined ? '' : (message ?? '')),
    description: description ?? message ?? '',
    labels,
  }
}

/** How much each term of a query counts. Words and pairs are in one map: a pair has a space in it. */
export type QueryTerms = ReadonlyMap<string, number>

const SUMMARY_WEIGHT = 3
const PAIR_WEIGHT = 0.3

/** The weighted terms of an alert: the summary counts most, and what names a thing instead of a trouble is cut. */
export function queryTerms({ alertname = '', summary = '', description = '', labels = {} }: Symptoms): QueryTerms {
  const weights = new Map<string, number>()
  const cut = identityCutter(labels)
  add(weights, alertname, 1)
  add(weights, cut(summary), SUMMARY_WEIGHT)
  add(weights, cut(description), 1)
  return weights
}

function add(weights: Map<string, number>, text: string, weight: number): void {
  const { words, pairs } = termsOf(text)
  for (const word of words) raise(weights, word, weight)
  for (const pair of pairs) raise(weights, pair, weight * PAIR_WEIGHT)
}

/** A term that is said twice counts as where it counts most, not twice: annotations like to repeat themselves. */
function raise(weights: Map<string, number>, term: string, weight: number): void {
  weights.set(term, Math.max(weights.get(term) ?? 0, weight))
}

/**
 * Takes out of a text what looks like an identity: label values with a digit, dot, colon, slash or dash in them, addresses,
 * host names, pod names and hashes. They are rare words, so they would outweigh all that says what is wrong.
 */
function identityCutter(labels: Readonly<Record<string, string>>): (text: string) => string {
  const values = Object.entries(labels)
    .filter(([name, value]) => name !== 'alertname' && value.length > 1 && /[0-9.:/-]/.test(value))
    .map(([, value]) => value)
    .sort((a, b) => b.length - a.length)
  return (text) => {
    let left = text
    for (const value of values) left = left.replaceAll(value, ' ')
    return left.replace(/\S+/g, (token) => (looksLikeIdentity(token) ? ' ' : token))
  }
}

const ADDRESS = /\d{1,3}(?:\.\d{1,3}){3}|(?:[0-9a-f]{0,4}:){3,}[0-9a-f]{1,4}/i
const HOST = /[a-z0-9-]+(?:\.[a-z0-9-]+){2,}|[a-z0-9.-]+:\d{2,5}\b/i
const HASHED = /-[0-9a-f]{8,10}-[a-z0-9]{5}\b|[a-z]-[a-z0-9]*\d[a-z0-9]*\b/i
const HASH = /\b(?=[0-9a-f]*\d)[0-9a-f]{8,}\b/i

function looksLikeIdentity(token: string): boolean {
  return ADDRESS.test(token) || HOST.test(token) || HASHED.test(token) || HASH.test(token)
}
