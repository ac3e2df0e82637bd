import type { CardLine } from '../../domain/card.ts'
import { editWords } from '../../domain/edit.ts'
import type { IncidentView } from '../../domain/view.ts'
import { changesOf, changeWords } from './changes.ts'
import { name, prose } from './clean.ts'
import { diagnosisLines } from './diagnosis.ts'
import { happened, watchUntil } from './history.ts'
import { personName } from './people.ts'
import { attempts, type CardState } from './state.ts'
import { type At, lasting } from './times.ts'
import * as say from './words.ts'

/** Changes a card tells; a tired person takes in no more. */
const CHANGES_SHOWN = 2

/** A line of a card, and whether it must stay when room is short. */
export interface Line extends CardLine {
  keep?: true
}

/**
 * What a card says below its block, by state, most important first within what people look for. `onPage`: it is read where a
 * name can be typed beside its button.
 */
export function linesOf(view: IncidentView, state: CardState, at: At, onPage = false): Line[] {
  return [...stateLines(view, state, at, onPage), ...alwaysLines(view, state)].filter(({ text }) => text !== '')
}

function stateLines(view: IncidentView, state: CardState, at: At, onPage: boolean): Line[] {
  const { incident } = view
  switch (state) {
    case 'looking':
      return [
        says(view),
        ...seen(view),
        changed(view, at),
        ...diagnosisLines(view),
        similar(view),
        known(view),
        { label: say.labels.now, text: why(view) || say.sentences.looking, keep: true },
      ]
    case 'advised': {
      const advice = why(view) || (incident.runbookId === null ? say.sentences.noRunbook : say.sentences.noPlan)
      return [
        says(view),
        ...seen(view),
        changed(view, at),
        ...diagnosisLines(view),
        similar(view),
        known(view),
        { label: say.labels.now, text: advice, keep: true },
      ]
    }
    case 'waits':
      return [
        says(view),
        ...seen(view),
        { label: say.labels.now, text: say.waitsWords(incident.waitsFor ?? 0), keep: true },
      ]
    case 'asked':
    case 'second':
    case 'confirm':
      return [
        ...votes(view, state, at, onPage),
        edited(view),
        ...seen(view),
        changed(view, at),
        ...diagnosisLines(view),
        similar(view),
        known(view),
        costs(view),
        asked(view),
        terms(view, at),
      ]
    case 'decided':
    case 'running':
      return [{ text: happened(view, at), keep: true }, ...seen(view)]
    case 'verifying': {
      const watching = say.watchingWords(at(watchUntil(view)))
      return [
        { text: happened(view, at), keep: true },
        ...watched(view),
        { label: say.labels.now, text: watching, keep: true },
      ]
    }
    case 'fixed':
      return [{ text: happened(view, at), keep: true }, ...watched(view), record(view)]
    case 'not_fixed':
    case 'unknown':
    case 'reverted': {
      const what = state === 'reverted' ? say.sentences.reverted : say.sentences.notFixed
      return [
        { text: happened(view, at), keep: true },
        { text: why(view) || what, keep: true },
        ...watched(view),
        ...diagnosisLines(view),
        record(view),
      ]
    }
    case 'failed':
    case 'partial':
      return [{ text: happened(view, at), keep: true }, ...broken(view), ...diagnosisLines(view), record(view)]
    case 'doubt':
      return [{ text: happened(view, at), keep: true }, doubtful(view), { text: say.sentences.doubt, keep: true }]
    case 'snoozed':
      return [
        { text: say.snoozedWords(incident.snoozedUntil ? at(incident.snoozedUntil) : 'later'), keep: true },
        says(view),
        ...seen(view),
      ]
    case 'ignored':
      return [{ text: say.sentences.untilItEnds, keep: true }, says(view), ...seen(view)]
    default:
      return [
        { text: happened(view, at) },
        { text: why(view) || endWords(view, state), keep: true },
        says(view),
        ...seen(view),
        ...(state === 'rejected' || state === 'expired' ? diagnosisLines(view) : []),
      ]
  }
}

function endWords(view: IncidentView, state: CardState): string {
  if (state === 'cleared') return view.plan ? say.sentences.cleared : say.sentences.clearedUnplanned
  if (state === 'rejected' || state === 'expired' || state === 'abandoned') return say.sentences[state]
  return say.sentences.closed
}

function why({ incident }: IncidentView): string {
  const because = prose(incident.because ?? '', 240)
  return because.charAt(0).toUpperCase() + because.slice(1)
}

/** The alert's own words, named as such, so that they can pass for nobody else's. */
function says({ incident }: IncidentView): Line {
  const { summary, description, message } = incident.annotations
  return { label: say.labels.says, text: prose(description ?? message ?? summary ?? '', 180) }
}

function seen({ findings }: IncidentView): Line[] {
  const checks = findings.filter(({ key }) => key.startsWith('check:'))
  return [
    { label: say.labels.seen, text: joined(checks.filter(({ ok }) => ok)) },
    { label: say.labels.unconfirmed, text: joined(checks.filter(({ ok }) => !ok)) },
  ]
}

/** The newest of what changed shortly before; the details have all of it, and whether nothing did. */
function changed({ findings }: IncidentView, at: At): Line {
  const changes = changesOf(findings)
  const shown = changes.slice(0, CHANGES_SHOWN).map((change) => prose(changeWords(change, at), 120))
  const more = changes.length - shown.length
  return { label: say.labels.changed, text: [...shown, ...(more > 0 ? [say.moreWords(more)] : [])].join(' · ') }
}

/** What was found by searching: for people to look at, and no part of a plan. Where the search fell short, that is said. */
function similar({ findings }: IncidentView): Line {
  const found = findings.filter(({ key }) => key === 'similar')
  const whole = found.every(({ ok }) => ok)
  return { ...(!whole && { label: say.labels.search }), text: joined(found) }
}

function watched({ findings }: IncidentView): Line[] {
  const looks = findings.filter(({ key }) => key.startsWith('verify:'))
  return [
    { label: say.labels.watched, text: joined(looks.filter(({ ok }) => ok)) },
    { label: say.labels.unconfirmed, text: joined(looks.filter(({ ok }) => !ok)) },
  ]
}

/** What was found, each thing once: several looks may have the same to say. */
function joined(findings: IncidentView['findings']): string {
  const words = new Set(findings.map(({ summary }) => prose(summary, 120)))
  return prose([...words].join(' · '), 260)
}

function known({ runbookTitle, incident, record: { fixed, notFixed } }: IncidentView): Line {
  if (incident.runbookId === null) return { text: '' }
  return {
    label: say.labels.known,
    text: `${prose(runbookTitle ?? incident.runbookId, 80)}, ${say.recordWords(fixed, notFixed)}`,
  }
}

function record({ record: { fixed, notFixed } }: IncidentView): Line {
  return { label: say.labels.record, text: fixed + notFixed === 0 ? '' : say.howItWentWords(fixed, notFixed) }
}

function asked(view: IncidentView): Line {
  const because = prose(view.approval?.because ?? '', 160)
  return {
    label: say.labels.asked,
    text: because === '' ? '' : `because ${because.replace(/^because /i, '').replace(/\.$/, '')}`,
  }
}

/** How many rounds of changes a card tells of. */
const MOST_EDITS = 4

/** What people changed of the plan that was there before, the first of them first. */
function edited({ plan }: IncidentView): Line {
  const last = plan?.body.edited
  const all = last ? [...(last.before ?? []), last].filter(({ edits }) => edits.length > 0) : []
  const said = all
    .slice(-MOST_EDITS)
    .map(({ by, edits }) => `by ${personName(by)}: ${prose(edits.map(editWords).join(', '), 200)}`)
  const left = all.length - said.length
  const text = [...(left > 0 ? [`${left} earlier`] : []), ...said].join('; then ')
  return { label: say.labels.edited, text, ...(text !== '' && { keep: true as const }) }
}

/** What it costs while it runs, in the runbook's words. */
function costs({ approval, plan }: IncidentView): Line {
  const covered = (plan?.body.actions ?? []).filter(({ index }) => approval?.actions.includes(index))
  const told = covered.flatMap(({ costs: cost }) => (cost === null ? [] : [prose(cost, 100)]))
  return { label: say.labels.costs, text: told.join('; ') }
}

/** `Can be undone · asks one operator · ends 03:20` */
function terms(view: IncidentView, at: At): Line {
  const { approval, plan } = view
  if (!approval || !plan) return { text: '' }
  const covered = plan.body.actions.filter(({ index }) => approval.actions.includes(index))
  const undoable = covered.filter((action) => action.undoable && 'tool' in action.wayBack).length
  const undo =
    undoable === covered.length
      ? say.sentences.undoable
      : undoable > 0
        ? say.sentences.partlyUndoable
        : say.sentences.notUndoable
  return { text: `${undo} · ${say.asksWords(approval.asks)} · ends ${at(approval.expiresAt)}`, keep: true }
}

function votes(view: IncidentView, state: CardState, at: At, onPage: boolean): Line[] {
  if (state === 'asked') return []
  const approving = view.votes.filter(({ verdict }) => verdict === 'approve')
  const first = approving[0]
  if (!first) return []
  const given = approving.map(({ person, at: when }) => `${personName(person)} approved at ${at(when)}`).join(', ')
  if (state === 'second') {
    const wanted = approving.length > 1 ? say.sentences.adminWanted : say.sentences.secondWanted
    return [{ text: `${given}; ${wanted}.`, keep: true }]
  }
  const typed = view.votes.some(({ verdict }) => verdict === 'typed')
  const left = 60_000 - (view.now.getTime() - first.at.getTime())
  const line: Line = { text: `${given}; ${say.confirmWords(typed, left > 0 ? lasting(left) : null)}`, keep: true }
  return typed ? [line] : [line, askedName(view, onPage)]
}

/** A name that is asked for in words of its own; a longer one stands in the block. */
const LONGEST_ASKED = 80

/** What is to be typed, and where. */
function askedName({ plan, approval }: IncidentView, onPage: boolean): Line {
  const action = plan?.body.actions.find(({ index }) => approval?.actions.includes(index))
  const label = onPage ? say.labels.typeHere : say.labels.replyWith
  const wanted = action?.target.name ?? ''
  const shown = wanted.length <= LONGEST_ASKED && name(wanted) === wanted
  return { label, text: shown ? wanted : say.sentences.nameAbove, keep: true }
}

function broken(view: IncidentView): Line[] {
  const failed = attempts(view).find(({ effect }) => effect?.status === 'failed')
  const because = prose(failed?.effect?.because ?? view.incident.because ?? '', 240)
  const done = attempts(view).filter(({ effect }) => effect?.status === 'done').length
  return [
    {
      label: say.labels.failed,
      text: failed ? `step ${failed.action.index + 1}: ${because || 'no reason was given'}` : because,
      keep: true,
    },
    { text: done === 0 ? say.sentences.nothingChanged : '' },
  ]
}

function doubtful(view: IncidentView): Line {
  const effect = attempts(view).find(({ effect }) => effect?.status === 'in_doubt')?.effect
  return { label: say.labels.why, text: prose(effect?.because ?? view.incident.because ?? '', 200) }
}

/** What is said whatever the state: who has it, that all is frozen, and what is odd about the alert. */
function alwaysLines(view: IncidentView, state: CardState): Line[] {
  const { incident, alerts, policy } = view
  const marks = [...new Set(alerts.flatMap((alert) => alert.marks))].slice(0, 2).map((mark) => prose(mark, 100))
  const frozen = policy === 'FROZEN' && ['looking', 'asked', 'second', 'confirm', 'decided', 'running'].includes(state)
  return [
    { text: incident.takenBy === null ? '' : say.takenWords(personName(incident.takenBy)), keep: true },
    { text: frozen ? say.sentences.frozen : '', ...(frozen ? { keep: true as const } : {}) },
    { label: say.labels.note, text: alerts.some(({ contradicted }) => contradicted) ? say.sentences.contradicted : '' },
    { label: say.labels.note, text: marks.join('; ') },
  ]
}
