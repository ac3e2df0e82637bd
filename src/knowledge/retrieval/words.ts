import { stem } from './porter.ts'

/** Words so common that they say nothing about a page. */
const STOP_WORDS = new Set(
  (
    'a an and are as at be been by can for from has have if in into is it its more not of on or that the their this to ' +
    'was were when which will with you your'
  ).split(' '),
)

/** The terms of a text: its words, and the pairs that stand side by side. */
export interface Terms {
  /** Stemmed, with repetitions, in order. */
  readonly words: readonly string[]
  /** Two words joined by a space, with repetitions. */
  readonly pairs: readonly string[]
}

/**
 * Cuts a text into terms. A word written in camel case counts whole and in its parts: `KubePodCrashLooping` is also kube, pod,
 * crash and loop. Pairs are of the parts, and do not reach across a line.
 */
export function termsOf(text: string): Terms {
  const words: string[] = []
  const pairs: string[] = []
  for (const line of text.split('\n')) {
    let before: string | undefined
    for (const [token] of line.matchAll(/[A-Za-z0-9]+/g)) {
      const parts = camelParts(token)
      if (parts.length > 1) words.push(token.toLowerCase())
      for (const part of parts) {
        const lower = part.toLowerCase()
        if (STOP_WORDS.has(lower)) continue
        const word = stem(lower)
        words.push(word)
        if (before !== undefined) pairs.push(`${before} ${word}`)
        before = word
      }
    }
  }
  return { words, pairs }
}

/** `etcdGRPCRequestsSlow` as etcd, GRPC, Requests, Slow; a word in one piece as itself. */
export function camelParts(token: string): string[] {
  return token.match(/[A-Z]+(?![a-z])[0-9]*|[A-Z]?[a-z]+[0-9]*|[0-9]+/g) ?? [token]
}

/** A name without case, spaces and punctuation, so that `Kube API Down` and `kube-api-down` and `KubeAPIDown` are one. */
export function normalName(name: string): string {
  return name.toLowerCase().replace(/[^a-z0-9]/g, '')
}
