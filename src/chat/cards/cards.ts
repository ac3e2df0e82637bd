import type { ButtonSpec, Card, Tone } from '../../domain/card.ts'
import type { IncidentView } from '../../domain/view.ts'
import type { PingKind } from '../../incidents/announce.ts'
import { blockOf } from './block.ts'
import { backButton, moreOf, quietOf, rowsOf } from './buttons.ts'
import { cut, name, unusual } from './clean.ts'
import { detailsOf } from './details.ts'
import { modelFooter } from './diagnosis.ts'
import { fitLines, fitTexts, visibleLength } from './fit.ts'
import { guestOf } from './guest.ts'
import { headline } from './headline.ts'
import { type Line, linesOf } from './lines.ts'
import { signOf } from './signs.ts'
import { type CardState, stateOf } from './state.ts'
import { type At, clockFace } from './times.ts'
import * as say from './words.ts'

export interface CardOptions {
  /** IANA name, such as `Europe/Berlin`. */
  timezone: string
  /** For where it must not be read what an incident is about, if that stays at home; the address of the console, if known. */
  outside?: { console: string | undefined }
  /** For a page with room for everything: nothing is cut to fit, and Details are always told. */
  whole?: boolean
}

/** What a card may hold: a message is read at a glance; with Details open it is read on purpose. */
const glance = { all: 880, block: 600 }
const opened = { all: 3_900, block: 3_300 }
const page = { all: Number.POSITIVE_INFINITY, block: Number.POSITIVE_INFINITY }

/**
 * The card of an incident as it stands in its records: pure, in no channel's words.
 *
 * Approve is offered only beside the whole block of what would run; where the block is too long for a message, the card
 * sums it up and Details has it, and where even that is too short a room, the console.
 */
export function cardOf(view: IncidentView, { timezone, whole = false, outside }: CardOptions): Card {
  const state = stateOf(view)
  if (outside && view.keptHome) return bareCard(view, state, outside.console)
  const menu = view.incident.menu
  const room = whole ? page : menu === 'details' ? opened : glance
  const at = clockFace(timezone, view.now)
  const told = [...oddities(view), ...linesOf(view, state, at, whole)]
  const frame = { title: titleOf(view, state), where: whereOf(view, at), footer: footerOf(view) }
  const bare = { ...frame, lines: told.filter(({ keep }) => keep), block: null, menu, details: [] }
  const block = blockOf(view, state, Math.min(room.block, room.all - visibleLength(bare)))
  const offered = block?.whole === true
  const card: Card = {
    incident: view.incident.id,
    tone: toneOf(state, view),
    ...frame,
    block: block?.lines ?? null,
    digest: block && view.plan ? view.plan.digest : null,
    lines: [],
    rows: rowsOf(view, state, offered),
    quiet: withBack(quietOf(view, state)),
    more: withBack(moreOf(view, state)),
    menu,
    details: [],
  }
  const lines = offered || !asks(state) ? told : [unofferedLine(menu), ...told]
  card.lines = fitLines(lines, room.all - visibleLength(card)).map(({ keep: _, ...line }) => line)
  if (whole) card.details = detailsOf(view, at)
  else if (menu === 'details') card.details = fitTexts(detailsOf(view, at), opened.all - visibleLength(card))
  return card
}

/** All that may be said where others read along: that there is something, how bad it is, and where to look. */
function bareCard(view: IncidentView, state: CardState, console: string | undefined): Card {
  const { id, menu } = view.incident
  const quiet = withBack(quietOf(view, state))
  const more = withBack(moreOf(view, state).filter(({ verb }) => verb === 'taken'))
  const openers = rowsOf({ ...view, incident: { ...view.incident, menu: null } }, state, false).at(-1) ?? []
  return {
    incident: id,
    tone: toneOf(state, view),
    title: headlineOutside(view, state),
    where: '',
    block: null,
    digest: null,
    lines: [{ text: say.sentences.keptHome }, ...(console ? [{ text: `${console}/incidents/${id}` }] : [])],
    footer: `#${id}`,
    rows: [
      openers.filter(({ verb, params }) => verb === 'menu' && (params?.menu === 'more' ? more : quiet).length > 0),
    ],
    quiet,
    more,
    menu: menu === 'details' ? null : menu,
    details: [],
  }
}

function headlineOutside(view: IncidentView, state: CardState): string {
  return say.titleWords(state, view.plan?.body.purpose ?? 'fix', say.keptHomeWords(view.incident.severity))
}

/** One short line of plain text, for a loud message beside the card. */
export function pingOf(view: IncidentView, kind: PingKind): string {
  const what = `${view.keptHome ? say.keptHomeWords(view.incident.severity) : headlineOf(view)} (#${view.incident.id})`
  if (kind === 'approval') return `${signOf('ask')} An answer is wanted: ${what}`
  if (kind === 'failed') return `${signOf('failed')} It did not work: ${what}`
  if (kind === 'unknown') return `${signOf('doubt')} Nobody knows whether it helped, please look: ${what}`
  if (kind === 'doubt') return `${signOf('doubt')} It may have run or not, please look: ${what}`
  return `${signOf('critical')} Critical: ${what}`
}

/** The rows of buttons in sight: the card's own, or those of the menu that is open. */
export function keyboardOf({ rows, quiet, more, menu }: Card): ButtonSpec[][] {
  if (menu === 'quiet' && quiet.length > 0) return inTwos(quiet)
  return menu === 'more' ? inTwos(more) : rows
}

/**
 * Every button an incident offers as it stands, in any channel and with any menu open. Tokens are made for all of them at
 * once, so that drawing the card in one channel retires nothing that another shows.
 */
export function everyButton(view: IncidentView): ButtonSpec[] {
  const state = stateOf(view)
  const closed = { ...view, incident: { ...view.incident, menu: null } }
  const openDetails = { ...view, incident: { ...view.incident, menu: 'details' as const } }
  const all = [
    ...rowsOf(closed, state, true).flat(),
    ...rowsOf(openDetails, state, false).flat(),
    ...withBack(quietOf(view, state)),
    ...withBack(moreOf(view, state)),
  ]
  return [...new Map(all.map((spec) => [buttonKey(spec), spec])).values()]
}

/** What makes a button the same one: what it does and to what, whatever it says. */
export function buttonKey({ verb, subject, params }: ButtonSpec): string {
  return JSON.stringify([verb, subject, Object.entries(params ?? {}).sort()])
}

/** The card as plain text, for terminals and tests. */
export function cardText(card: Card): string {
  const lines = card.lines.map(({ label, text }) => (label === undefined ? text : `${label}: ${text}`))
  const buttons = keyboardOf(card).map((row) => row.map(({ label }) => `[${label}]`).join(' '))
  const shown = card.menu === 'details' ? card.details : []
  const parts = [
    [`${signOf(card.tone)} ${card.title}`, ...(card.block ?? []), card.where],
    lines,
    shown,
    [...buttons, card.footer],
  ]
  return parts
    .filter((part) => part.length > 0)
    .map((part) => part.join('\n'))
    .join('\n\n')
}

function titleOf(view: IncidentView, state: CardState): string {
  return cut(say.titleWords(state, view.plan?.body.purpose ?? 'fix', headlineOf(view)), 130)
}

function headlineOf(view: IncidentView): string {
  const { incident, runbookTitle } = view
  return headline({ ...incident, runbookTitle, called: guestOf(view)?.called })
}

function whereOf(view: IncidentView, at: At): string {
  const { namespace, workload, cluster } = view.incident
  const guest = guestOf(view)
  const parted = [namespace, workload].filter((part) => part !== null).map(name)
  const place = guest ? `${guest.called}${guest.host}` : parted.join('/')
  const since = at(view.alerts.map(({ startsAt }) => startsAt).sort((a, b) => +a - +b)[0] ?? view.incident.openedAt)
  const parts = [cut(place, 64), cut(name(cluster), 40), say.alertsWords(view.firing, view.total, since)]
  return parts.filter((part) => part !== '').join(' · ')
}

function footerOf(view: IncidentView): string {
  const { findings, incident } = view
  const checks = findings.filter(({ key }) => key.startsWith('check:'))
  return say.footerWords(modelFooter(view), checks.filter(({ ok }) => ok).length, checks.length, incident.id)
}

function oddities({ incident }: IncidentView): Line[] {
  const odd = unusual([incident.namespace ?? '', incident.workload ?? '', incident.cluster].join(''))
  return odd.length === 0 ? [] : [{ text: say.unusualWords(odd), keep: true }]
}

function unofferedLine(menu: Card['menu']): Line {
  return { text: menu === 'details' ? say.sentences.tooLongForChat : say.sentences.tooLong, keep: true }
}

function asks(state: CardState): boolean {
  return state === 'asked' || state === 'second' || state === 'confirm'
}

function withBack(menu: ButtonSpec[]): ButtonSpec[] {
  return menu.length === 0 ? [] : [...menu, backButton()]
}

function inTwos(menu: readonly ButtonSpec[]): ButtonSpec[][] {
  const [first, ...rest] = menu
  if (!first) return []
  return [[first], ...Array.from({ length: Math.ceil(rest.length / 2) }, (_, row) => rest.slice(row * 2, row * 2 + 2))]
}

const tones: Record<CardState, Tone | 'severity'> = {
  looking: 'severity',
  advised: 'severity',
  waits: 'severity',
  asked: 'ask',
  second: 'ask',
  confirm: 'ask',
  decided: 'running',
  running: 'running',
  verifying: 'running',
  fixed: 'fixed',
  not_fixed: 'failed',
  unknown: 'doubt',
  reverted: 'failed',
  failed: 'failed',
  partial: 'failed',
  doubt: 'doubt',
  rejected: 'over',
  expired: 'over',
  cleared: 'over',
  abandoned: 'over',
  closed: 'over',
  snoozed: 'quiet',
  ignored: 'quiet',
}

function toneOf(state: CardState, { incident }: IncidentView): Tone {
  const tone = tones[state]
  if (tone !== 'severity') return tone
  return incident.severity === 'none' ? 'info' : incident.severity
}
