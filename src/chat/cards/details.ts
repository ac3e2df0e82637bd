import { authorsOf } from '../../domain/plan.ts'
import type { IncidentView, TimelineEvent } from '../../domain/view.ts'
import { preconditionWords } from './arguments.ts'
import { changesOf, changeWords } from './changes.ts'
import { name, prose } from './clean.ts'
import { diagnosisDetails } from './diagnosis.ts'
import { personName } from './people.ts'
import type { At } from './times.ts'
import { labels, outcomeWords } from './words.ts'

/** What "Details" shows beneath the card: the plan's full digest and bindings, every finding, the alerts, what happened. */
export function detailsOf(view: IncidentView, at: At): string[] {
  const { plan, incident } = view
  const bindings = (plan?.body.actions ?? []).flatMap((action) => {
    const bound = preconditionWords(action.arguments, true)
    return bound === undefined ? [] : [`Step ${action.index + 1} only if unchanged: ${bound}`]
  })
  return [
    ...(plan ? [] : adviceLines(view.advice)),
    ...(plan
      ? [`Plan ${plan.digest}, proposed by ${authorsOf(plan).map(personName).join(', ')}, round ${plan.body.round}`]
      : []),
    ...bindings,
    ...(plan ? [inputWords(plan.body.inputs)] : []),
    ...(incident.runbookId === null
      ? []
      : [`Runbook ${name(incident.runbookId)} ${name(incident.runbookVersion?.slice(0, 12) ?? '')}`]),
    ...changesOf(view.findings).map((change) => `${labels.changed}: ${prose(changeWords(change, at), 240)}`),
    ...view.findings
      .filter(({ changes, ok }) => !ok || !changes?.length)
      .map(({ key, ok, summary }) => `${ok ? '✓' : '✗'} ${name(key)}: ${prose(summary, 200)}`),
    ...diagnosisDetails(view),
    ...view.alerts
      .slice(0, 5)
      .map(({ status, labels, startsAt }) => `Alert since ${at(startsAt)}, ${status}: ${labelWords(labels)}`),
    ...view.timeline.slice(-8).map((event) => `${at(event.at)} ${eventWords(event)} (${byWords(event)})`),
  ]
}

/** What the runbook says to people, where nothing is proposed: its paragraphs, without the marks of Markdown. */
function adviceLines(advice: string | null): string[] {
  return (advice ?? '')
    .split(/\n\s*\n/)
    .map((paragraph) => prose(paragraph.replace(/^#+\s*/gm, '').replace(/[`*_]{1,3}/g, ''), 600))
    .filter((paragraph) => paragraph !== '')
}

function inputWords(inputs: Readonly<Record<string, string | number>>): string {
  const pairs = Object.entries(inputs).map(([key, value]) => `${name(key)} ${name(String(value))}`)
  return pairs.length === 0 ? 'Filled with nothing from the alert' : `Filled with ${prose(pairs.join(', '), 300)}`
}

/** One event of the timeline in words: `Approval approved: it was time`. */
export function eventWords({ name: what, detail }: TimelineEvent): string {
  const said = prose(what.replace(/[._]/g, ' '), 60)
  const outcome = typeof detail.outcome === 'string' ? outcomeIn(detail.outcome) : ''
  const because = typeof detail.because === 'string' ? `: ${prose(detail.because, 160)}` : ''
  return `${said.charAt(0).toUpperCase()}${said.slice(1)}${outcome}${because}`
}

/** Who made it happen, and how the incident stands since: `alice · now running`. */
export function byWords({ actor, from, to }: TimelineEvent): string {
  return `${personName(actor)}${to === null || to === from ? '' : ` · now ${prose(to, 20)}`}`
}

function outcomeIn(outcome: string): string {
  const known = Object.entries(outcomeWords).find(([key]) => key === outcome)
  return `, ${known ? known[1] : prose(outcome, 20)}`
}

function labelWords(labels: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(labels).map(([key, value]) => `${name(key)}=${name(value.slice(0, 80))}`)
  return prose(pairs.join(' '), 300)
}
