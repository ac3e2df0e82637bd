import type { Runbook } from '../domain/runbook.ts'
import { formatMatcher, matches } from './alert-matchers.ts'

/** A runbook that is for this alert, and by what; `because` goes on the card as it stands. */
export interface FoundRunbook {
  readonly runbook: Runbook
  readonly because: string
}

/**
 * The runbooks that are for an alert by name and matchers, the most specific first. Names are compared exactly, upper and
 * lower case included. Several may fit: which of them is right, their checks decide.
 */
export function lookupRunbooks(
  runbooks: Iterable<Runbook>,
  alert: { readonly labels: Readonly<Record<string, string>> },
): FoundRunbook[] {
  return [...runbooks]
    .filter((runbook) => isFor(runbook, alert.labels))
    .sort((a, b) => specificity(b) - specificity(a) || byAlertnames(a, b) || (a.id < b.id ? -1 : 1))
    .map((runbook) => ({ runbook, because: reason(runbook) }))
}

function isFor({ match }: Runbook, labels: Readonly<Record<string, string>>): boolean {
  const named = match.alertnames.length === 0 || match.alertnames.includes(labels.alertname ?? '')
  const asked = match.alertnames.length > 0 || match.matchers.length > 0
  return asked && named && match.matchers.every((matcher) => matches(matcher, labels))
}

/** A name says more than any label, an exact label more than a pattern, and what is wanted more than what is not. */
function specificity({ match }: Runbook): number {
  const weights = { '=': 8, '=~': 4, '!=': 2, '!~': 2 }
  const matchers = match.matchers.reduce((sum, { operator }) => sum + weights[operator], 0)
  return Math.min(matchers, 999) + (match.alertnames.length > 0 ? 1_000 : 0)
}

function byAlertnames(a: Runbook, b: Runbook): number {
  return a.match.alertnames.length - b.match.alertnames.length
}

function reason({ match }: Runbook): string {
  const matchers = match.matchers.map(formatMatcher).join(', ')
  if (match.alertnames.length === 0) return `by ${matchers}`
  return matchers ? `by name and ${matchers}` : 'by name'
}
