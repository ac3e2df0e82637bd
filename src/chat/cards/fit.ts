import type { Card } from '../../domain/card.ts'
import { cut } from './clean.ts'
import type { Line } from './lines.ts'

type Seen = Pick<Card, 'title' | 'where' | 'block' | 'lines' | 'footer' | 'menu' | 'details'>

/** The characters a person sees of a card, its buttons apart. */
export function visibleLength(card: Seen): number {
  const lines = card.lines.map(({ label, text }) => (label === undefined ? text : `${label}: ${text}`))
  const parts = [card.title, card.where, ...(card.block ?? []), ...lines, ...shownDetails(card), card.footer]
  return parts.reduce((sum, part) => sum + part.length + 1, 4)
}

/** Details are seen only while they are open. */
export function shownDetails({ menu, details }: Pick<Card, 'menu' | 'details'>): string[] {
  return menu === 'details' ? details : []
}

/** Cuts what need not stay, longest first, then leaves it out, last first; what must stay is cut last of all. */
export function fitLines(lines: readonly Line[], room: number): Line[] {
  const left = lines.map((line) => ({ ...line }))
  while (size(left) > room) {
    const dropped = left.findLastIndex((line) => line.keep === undefined)
    const longest = longestOf(left.filter((line) => line.keep === undefined && line.text.length > 80))
    const cuttable = longest ?? (dropped === -1 ? longestOf(left.filter((line) => line.text.length > 60)) : undefined)
    if (cuttable) cuttable.text = cut(cuttable.text, Math.max(60, cuttable.text.length - (size(left) - room)))
    else if (dropped !== -1) left.splice(dropped, 1)
    else break
  }
  return left
}

function longestOf(lines: readonly Line[]): Line | undefined {
  return lines.toSorted((a, b) => b.text.length - a.text.length)[0]
}

/** As many whole texts, from the first, as fit. */
export function fitTexts(texts: readonly string[], room: number): string[] {
  let left = room
  const fitting: string[] = []
  for (const text of texts) {
    left -= text.length + 1
    if (left < 0) return [...fitting, '…']
    fitting.push(text)
  }
  return fitting
}

function size(lines: readonly Line[]): number {
  return lines.reduce((sum, { label, text }) => sum + (label === undefined ? 0 : label.length + 2) + text.length + 1, 0)
}
