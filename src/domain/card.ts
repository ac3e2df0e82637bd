import type { Verb } from './approval.ts'

/** What the card is about, for its sign and its colour. */
export type Tone = 'critical' | 'warning' | 'info' | 'ask' | 'running' | 'fixed' | 'failed' | 'doubt' | 'over' | 'quiet'

/** A line of the card; the label ("Seen", "Would do") is set apart where a channel can. Plain text, never markup. */
export interface CardLine {
  label?: string
  text: string
}

/** A button before it has a token: what it does, to what, and what it says. */
export interface ButtonSpec {
  verb: Verb
  /** An approval's id, a plan's or an effect's; empty for the incident itself. */
  subject: string
  label: string
  params?: Record<string, string | number>
}

/** A button that can be pressed. */
export interface Button extends ButtonSpec {
  token: string
}

/**
 * A card in no channel's words: text is plain and untrusted, each channel escapes it. `block` is what would run, rendered
 * by code, and comes first wherever there is one.
 */
export interface Card {
  incident: number
  tone: Tone
  title: string
  where: string
  /** What would run, or ran, exactly; shown in a fixed escaped block before anything an alert says. */
  block: string[] | null
  /** Digest of the plan in the block; null without one. */
  digest: string | null
  lines: CardLine[]
  footer: string
  rows: ButtonSpec[][]
  quiet: ButtonSpec[]
  more: ButtonSpec[]
  menu: 'quiet' | 'more' | 'details' | null
  /** Shown when "Details" is open. */
  details: string[]
}
