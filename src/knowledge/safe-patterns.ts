/** A compiled, fully anchored regular expression, or why it was refused. */
export type Pattern = { readonly test: (text: string) => boolean } | { readonly problem: string }

const MAX_PATTERN = 500
const MAX_SUBJECT = 4_096

/**
 * Compiles a pattern that must match the whole text, as Alertmanager and Prometheus do.
 *
 * Patterns are repository content, but what they run over is not: those that could take exponential time (a repetition or a
 * choice within a repetition) and those outside RE2 (back references, look-around) are refused, and a subject beyond 4,096
 * characters matches nothing. Leading flags such as `(?i)` are understood.
 */
export function anchoredPattern(pattern: string): Pattern {
  const refused = refusePattern(pattern)
  if (refused !== undefined) return { problem: refused }
  const flags = /^\(\?([ims]+)\)/.exec(pattern)
  const body = flags ? `(?${flags[1]}:${pattern.slice(flags[0].length)})` : pattern
  try {
    const compiled = new RegExp(`^(?:${body})$`)
    return { test: (text) => text.length <= MAX_SUBJECT && compiled.test(text) }
  } catch {
    return { problem: 'it is not a regular expression' }
  }
}

/** Why a pattern may not be used, or undefined. Reads groups and repetitions without building anything. */
export function refusePattern(pattern: string): string | undefined {
  if (pattern.length > MAX_PATTERN) return `it is longer than ${MAX_PATTERN} characters`
  if (/\\[1-9]|\\k</.test(pattern)) return 'it refers back to a group, which Alertmanager does not know'
  if (/\(\?(?:[=!]|<[=!])/.test(pattern)) return 'it looks ahead or behind, which Alertmanager does not know'
  return hasNestedRepetition(pattern)
    ? 'it repeats a group that repeats or has a choice in it, which can take forever'
    : undefined
}

function hasNestedRepetition(pattern: string): boolean {
  const open: boolean[] = []
  let repeats = false // or offers a choice, which is as bad within a repetition
  for (let at = 0; at < pattern.length; at++) {
    const char = pattern[at]
    if (char === '\\') at += 1
    else if (char === '[') at = endOfClass(pattern, at)
    else if (char === '(') {
      open.push(repeats)
      repeats = false
      if (pattern[at + 1] === '?') at += 1
    } else if (char === ')') {
      if (repeats && repetitionAt(pattern, at + 1)) return true
      repeats = (open.pop() ?? false) || repeats
    } else if (char === '|' || char === '?' || repetitionAt(pattern, at)) repeats = true
  }
  return false
}

/** Unbounded, or bounded high enough to hurt. A `?` alone repeats nothing. */
function repetitionAt(pattern: string, at: number): boolean {
  if (pattern[at] === '*' || pattern[at] === '+') return true
  const counted = /^\{(\d+)(,?)(\d*)\}/.exec(pattern.slice(at, at + 16))
  if (!counted) return false
  return (counted[2] === ',' && counted[3] === '') || Number(counted[3] || counted[1]) > 10
}

function endOfClass(pattern: string, from: number): number {
  for (let at = from + 1; at < pattern.length; at++) {
    if (pattern[at] === '\\') at += 1
    else if (pattern[at] === ']' && at > from + 1) return at
  }
  return pattern.length
}
