import type { IncidentView } from '../../domain/view.ts'
import { preconditionWords } from './arguments.ts'
import { name, prose } from './clean.ts'
import { personName } from './people.ts'
import { clockFace } from './times.ts'
import { outcomeWords } from './words.ts'

/** What "Details" shows beneath the card: the plan's full digest and bindings, every finding, the alerts, what happened. */
export function detailsOf(view: IncidentView, timezone: string): string[] {
  const at = clockFace(timezone, view.now)
  const { plan, incident } = view
  const bindings = (plan?.body.actions ?? []).flatMap((action) => {
    const bound = preconditionWords(action.arguments, true)
    return bound === undefined ? [] : [`Step ${action.index + 1} only if unchanged: ${bound}`]
  })
  return [
    ...(plan ? [`Plan ${plan.digest}, proposed by ${personName(plan.proposedBy)}, round ${plan.body.round}`] : []),
    ...bindings,
    ...(plan ? [inputWords(plan.body.inputs)] : []),
    ...(incident.runbookId === null
      ? []
      : [`Runbook ${name(incident.runbookId)} ${name(incident.runbookVersion?.slice(0, 12) ?? '')}`]),
    ...view.findings.map(({ key, ok, summary }) => `${ok ? '✓' : '✗'} ${name(key)}: ${prose(summary, 200)}`),
    ...view.alerts
      .slice(0, 5)
      .map(({ status, labels, startsAt }) => `Alert since ${at(startsAt)}, ${status}: ${labelWords(labels)}`),
    ...view.timeline.slice(-8).map((event) => `${at(event.at)} ${eventWords(event)}`),
  ]
}

function inputWords(inputs: Readonly<Record<string, string | number>>): string {
  const pairs = Object.entries(inputs).map(([key, value]) => `${name(key)} ${name(String(value))}`)
  return pairs.length === 0 ? 'Filled with nothing from the alert' : `Filled with ${prose(pairs.join(', '), 300)}`
}

/** One event of the timeline in words: `approval approved, by alice`. */
export function eventWords({ name: what, actor, to, detail }: IncidentView['timeline'][number]): string {
  const outcome = typeof detail.outcome === 'string' ? outcomeIn(detail.outcome) : ''
  const because = typeof detail.because === 'string' ? `: ${prose(detail.because, 160)}` : ''
  return `${prose(what.replace(/[._]/g, ' '), 60)}${to === null ? '' : `, now ${prose(to, 20)}`}${outcome}, by ${personName(actor)}${because}`
}

function outcomeIn(outcome: string): string {
  const known = Object.entries(outcomeWords).find(([key]) => key === outcome)
  return `, ${known ? known[1] : prose(outcome, 20)}`
}

function labelWords(labels: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(labels).map(([key, value]) => `${name(key)}=${name(value.slice(0, 80))}`)
  return prose(pairs.join(' '), 300)
}
