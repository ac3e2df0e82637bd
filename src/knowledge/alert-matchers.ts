import type { Matcher } from '../domain/runbook.ts'
import { anchoredPattern } from './safe-patterns.ts'

export type ParsedMatcher = { readonly matcher: Matcher } | { readonly problem: string }

type Labels = Readonly<Record<string, string>>

const SHAPE = /^\s*(?:([A-Za-z_][A-Za-z0-9_]*)|("(?:[^"\\]|\\.)*"))\s*(=~|!~|!=|=)\s*(.*)$/s
const ESCAPES: Readonly<Record<string, string>> = { n: '\n', '"': '"', '\\': '\\' }

/**
 * Parses one matcher in Alertmanager's syntax: `namespace="shop"`, `severity!=info`, `pod=~"cart-.*"`. The value may go
 * without quotes where it holds none of `"`, `,`, `{` and `}`. Several matchers are several entries.
 *
 * Source: https://prometheus.io/docs/alerting/latest/configuration/#matcher
 */
export function parseMatcher(text: string): ParsedMatcher {
  const shape = SHAPE.exec(text)
  if (!shape) return { problem: 'it is not of the form `label="value"`, with one of =, !=, =~ and !~' }
  const label = shape[1] ?? unquote(shape[2] ?? '')
  const value = parseValue((shape[4] ?? '').trim())
  if (label === undefined || value === undefined) {
    return { problem: 'its value is not well quoted; quote it as a whole, and put one matcher in each entry' }
  }
  const operator = operatorOf(shape[3] ?? '')
  if (operator === '=~' || operator === '!~') {
    const pattern = anchoredPattern(value)
    if ('problem' in pattern) return { problem: `its pattern cannot be used: ${pattern.problem}` }
  }
  return { matcher: { label, operator, value } }
}

function operatorOf(text: string): Matcher['operator'] {
  return text === '=~' || text === '!~' || text === '!=' ? text : '='
}

function parseValue(text: string): string | undefined {
  if (text.startsWith('"')) return unquote(text)
  return /^[^"'`,{}\s]*$/.test(text) ? text : undefined
}

/** Alertmanager leaves escapes it does not know as they are, so that `"\d+"` may be written in a pattern. */
function unquote(text: string): string | undefined {
  if (!/^"(?:[^"\\]|\\.)*"$/s.test(text)) return undefined
  return text.slice(1, -1).replace(/\\(.)/gs, (whole, char: string) => ESCAPES[char] ?? whole)
}

/** Whether labels satisfy a matcher. An absent label is the empty one; patterns match the whole value. */
export function matches(matcher: Matcher, labels: Labels): boolean {
  const value = Object.hasOwn(labels, matcher.label) ? (labels[matcher.label] ?? '') : ''
  if (matcher.operator === '=') return value === matcher.value
  if (matcher.operator === '!=') return value !== matcher.value
  const pattern = anchoredPattern(matcher.value)
  if ('problem' in pattern) return false
  return pattern.test(value) === (matcher.operator === '=~')
}

/** The matcher as Alertmanager would print it. */
export function formatMatcher({ label, operator, value }: Matcher): string {
  const name = /^[A-Za-z_][A-Za-z0-9_]*$/.test(label) ? label : quote(label)
  return `${name}${operator}${quote(value)}`
}

function quote(text: string): string {
  const escaped = text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')
  return `"${escaped}"`
}
