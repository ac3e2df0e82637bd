import { didYouMean } from '../knowledge/nearest.ts'

/**
 * A named investigation: what it follows, where it looks and how long it may take. Made of chat words by
 * `parseInvestigateWords`, of options by the command line, of a file by `parseRequestFile`; run by `runNamed` in `named.ts`.
 */
export interface NamedRequest {
  /** What it is called in its report and its file name: the runbook's id, or `overview`. */
  name: string
  /** The runbook whose checks are made and whose page is read; undefined: a look at everything. */
  runbook: string | undefined
  /** What a person wants to know; undefined: what is wrong here, if anything. */
  question: string | undefined
  /** Never empty. */
  clusters: readonly string[]
  /** Minutes until it ends with what there is, for all clusters together. */
  minutes: number
  /** All clusters at once, or one after the other. */
  sideBySide: boolean
  /** Stands in for the labels of an alert, for the inputs of the runbook: `namespace`, `pod`. */
  labels: Readonly<Record<string, string>>
}

/** What a request may name. */
export interface KnownNames {
  /** Ids. */
  runbooks: Iterable<string>
  clusters: Iterable<string>
}

/** What a person gave, before it is held against what there is. */
export interface Wanted {
  name?: string | undefined
  runbook?: string | undefined
  question?: string | undefined
  clusters?: readonly string[] | undefined
  minutes?: number | undefined
  sideBySide?: boolean | undefined
  labels?: Readonly<Record<string, string>> | undefined
}

export const DEFAULT_MINUTES = 10
export const MOST_MINUTES = 120
const MOST_CLUSTERS = 20
const LABEL = /^[a-zA-Z_][a-zA-Z0-9_]{0,62}$/
const NAME = /^[a-z0-9][a-z0-9-]{0,62}$/

/** Holds a request against what there is; the problem is a sentence that names what to change. */
export function namedRequest(wanted: Wanted, known: KnownNames): NamedRequest | { problem: string } {
  const runbooks = [...known.runbooks]
  const there = [...known.clusters]
  const { runbook, question, minutes = DEFAULT_MINUTES, sideBySide = false, labels = {} } = wanted
  if (runbook !== undefined && !runbooks.includes(runbook))
    return { problem: `There is no runbook ${shown(runbook)}.${didYouMean(runbook, runbooks)} /runbooks lists them.` }
  if (!Number.isInteger(minutes) || minutes < 1 || minutes > MOST_MINUTES)
    return { problem: `The time must be whole minutes from 1 to ${MOST_MINUTES}.` }
  if (there.length === 0)
    return { problem: 'No cluster answers, so there is nothing to look at. npm run watchkeeper -- doctor says why.' }
  const clusters = [...new Set(wanted.clusters?.length ? wanted.clusters : there)]
  const unknown = clusters.find((cluster) => !there.includes(cluster))
  if (unknown !== undefined)
    return {
      problem: `There is no cluster ${shown(unknown)}.${didYouMean(unknown, there)} There are: ${there.join(', ')}.`,
    }
  if (clusters.length > MOST_CLUSTERS) return { problem: `Name ${MOST_CLUSTERS} clusters at most.` }
  const bad = Object.keys(labels).find((label) => !LABEL.test(label))
  if (bad !== undefined) return { problem: `${shown(bad)} is not the name of a label.` }
  if (question !== undefined && question.length > 1_000) return { problem: 'Ask in 1,000 characters at most.' }
  const name = wanted.name ?? runbook ?? 'overview'
  if (!NAME.test(name)) return { problem: `Name it with lower-case letters, digits and dashes, not ${shown(name)}.` }
  return { name, runbook, question: question || undefined, clusters, minutes, sideBySide, labels }
}

/**
 * Reads the words after `/investigate`: a runbook, clusters, minutes (`15`, `15m`), `label=value`, and `side-by-side`, in any
 * order. The problem is a sentence for the chat.
 */
export function parseInvestigateWords(words: readonly string[], known: KnownNames): NamedRequest | { problem: string } {
  const runbooks = new Set(known.runbooks)
  const there = new Set(known.clusters)
  const clusters: string[] = []
  const labels: Record<string, string> = {}
  let runbook: string | undefined
  let minutes: number | undefined
  let sideBySide = false
  for (const word of words.filter((one) => one !== '')) {
    const time = /^(\d{1,5})m?$/.exec(word)
    const [, label, value] = /^([a-zA-Z_][a-zA-Z0-9_]*)=(.{1,250})$/s.exec(word) ?? []
    if (label !== undefined && value !== undefined) labels[label] = value
    else if (word === 'side-by-side') sideBySide = true
    else if (word === 'in-turn') sideBySide = false
    else if (runbook === undefined && runbooks.has(word)) runbook = word
    else if (there.has(word)) clusters.push(word)
    else if (time && minutes === undefined) minutes = Number(time[1])
    else if (runbooks.has(word)) return { problem: `Name one runbook: ${shown(runbook ?? '')} or ${shown(word)}.` }
    else return { problem: unknownWord(word, [...runbooks, ...there]) }
  }
  return namedRequest({ runbook, clusters, minutes, sideBySide, labels }, { runbooks, clusters: there })
}

function unknownWord(word: string, names: readonly string[]): string {
  return `${shown(word)} is no runbook, no cluster and no number of minutes.${didYouMean(word, names)} Write: /investigate [runbook] [cluster …] [minutes].`
}

/** What somebody typed, short and on one line. */
function shown(word: string): string {
  return `"${word.slice(0, 60).replace(/[\p{C}\p{Zl}\p{Zp}]/gu, '�')}"`
}
