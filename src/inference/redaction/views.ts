import type { Finding } from './finding.ts'

/** A text as it reads when something is unfolded, and where each of its characters came from. */
export interface View {
  text: string
  /** For each character its start in the original; one more for the end. */
  at: ArrayLike<number>
}

const ENTITIES: Readonly<Record<string, string>> = {
  quot: '"',
  amp: '&',
  lt: '<',
  gt: '>',
  apos: "'",
  '#39': "'",
  '#34': '"',
}

/** Characters that are not seen, and escapes: JSON's and C's, HTML's, and per cent. */
const ESCAPE =
  /[\u00AD\u200B-\u200F\u2028-\u202E\u2060-\u2064\uFEFF]|\\+u([0-9a-fA-F]{4})|\\x([0-9a-fA-F]{2})|\\+([nrt"'/])|&(quot|amp|lt|gt|apos|#39|#34);|%([0-9a-fA-F]{2})/g

/** What a line is continued by: an escaped end of line, a string put together with `+`, an indent. */
const JOINT =
  /["']?[ \t]{0,8}(?:\+[ \t]{0,8}|\\)?\r?\n[ \t]{0,40}(?:[|>][ \t]{0,8})?(?:\+[ \t]{0,8})?["']?|["'][ \t]{0,8}\+[ \t]{0,8}["']/g

/** The text itself. */
export function plain(text: string): View {
  const at = new Uint32Array(text.length + 1)
  for (let i = 0; i <= text.length; i++) at[i] = i
  return { text, at }
}

/** With escapes undone and invisible characters gone; undefined where there are none. */
export function unescaped(view: View): View | undefined {
  return rewritten(view, ESCAPE, ([, u, x, c, entity, percent]) => {
    if (u ?? x ?? percent) return String.fromCharCode(Number.parseInt(u ?? x ?? percent ?? '', 16))
    if (c) return { n: '\n', r: '\r', t: '\t' }[c] ?? c
    return entity ? (ENTITIES[entity] ?? '') : ''
  })
}

/** With broken lines put together; undefined where there are none. */
export function joined(view: View): View | undefined {
  return rewritten(view, JOINT, () => '')
}

/** Findings in a view, as stretches of the original. */
export function inOriginal({ at }: View, findings: readonly Finding[]): Finding[] {
  return findings.map(({ start, end, kind }) => ({
    start: at[start] ?? 0,
    // Up to where the last character ends: what was folded away behind it stays.
    end: (at[end - 1] ?? 0) + Math.max(1, (at[end] ?? 0) - (at[end - 1] ?? 0)),
    kind,
  }))
}

function rewritten(view: View, shape: RegExp, put: (match: RegExpMatchArray) => string): View | undefined {
  const matches = [...view.text.matchAll(shape)]
  if (matches.length === 0) return undefined
  const parts: string[] = []
  const at: number[] = []
  let from = 0
  const keep = (until: number) => {
    parts.push(view.text.slice(from, until))
    for (let i = from; i < until; i++) at.push(view.at[i] ?? 0)
  }
  for (const match of matches) {
    keep(match.index ?? 0)
    const text = put(match)
    parts.push(text)
    for (let i = 0; i < text.length; i++) at.push(view.at[match.index ?? 0] ?? 0)
    from = (match.index ?? 0) + match[0].length
  }
  keep(view.text.length)
  at.push(view.at[view.text.length] ?? 0)
  return { text: parts.join(''), at }
}
