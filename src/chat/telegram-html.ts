import type { ButtonSpec, Card } from '../domain/card.ts'
import { keyboardOf } from './cards/cards.ts'
import { cut } from './cards/clean.ts'
import { shownDetails } from './cards/fit.ts'
import { signOf } from './cards/signs.ts'

/** A message in Telegram's HTML parse mode; send it with `parse_mode: 'HTML'` and link previews off. */
export interface TelegramMessage {
  text: string
  reply_markup: { inline_keyboard: { text: string; callback_data: string }[][] }
}

/** Telegram takes 4096 characters after entities are read; a little less leaves room for what is counted otherwise. */
const longest = 4_000
const longestBlock = 3_500
/** Telegram drops entities after the hundredth, and then makes links of what they covered. */
const mostEntities = 90

/**
 * Renders a card for Telegram (https://core.telegram.org/bots/api#html-style): the title, then what would run, untouched
 * and fixed, then everything else. Nothing in it becomes a link, a mention or a command: what Telegram would make one of
 * is set as code. A block that cannot be shown whole takes the approving buttons with it.
 */
export function telegramHtml(card: Card, buttons: (spec: ButtonSpec) => string): TelegramMessage {
  const title = cut(`${signOf(card.tone)} ${card.title}`, 300)
  const block = wholeLines(card.block ?? [], longestBlock)
  const footer = cut(card.footer, 200)
  let room = longest - title.length - block.text.length - footer.length - 8
  const take = (text: string) => {
    const taken = cut(text, Math.max(0, room))
    room -= taken.length + 2
    return taken
  }
  const where = take(card.where)
  const lines = card.lines.map((line) => ({ label: line.label ? take(`${line.label}:`) : '', text: take(line.text) }))
  const details = shownDetails(card).map(take)
  const head = [setBold(title), block.text === '' ? '' : `<pre>${escapeHtml(block.text)}</pre>`]
  const fine = joined([
    [...head, setPlain(where)],
    lines.map(({ label, text }) => [setBold(label), setPlain(text)].filter((part) => part !== '').join(' ')),
    details.map(setPlain),
    [setPlain(footer)],
  ])
  const told = [where, ...lines.map(({ label, text }) => `${label} ${text}`.trim()), ...details, footer].join('\n')
  const text = fine.split('<').length / 2 < mostEntities ? fine : joined([head, [`<code>${escapeHtml(told)}</code>`]])
  return { text, reply_markup: { inline_keyboard: keyboard(card, block.whole, buttons) } }
}

/** A line of plain text for a message of its own, as Telegram's HTML, with nothing to click in it. */
export function telegramLine(text: string): string {
  return setPlain(cut(text, longest))
}

/** The one escaper: the three characters that mean something in Telegram's HTML. Lone surrogates cannot be sent. */
export function escapeHtml(text: string): string {
  return text.toWellFormed().replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}

function joined(parts: readonly (readonly string[])[]): string {
  const blocks = parts.map((part) => part.filter((line) => line !== '').join('\n'))
  return blocks.filter((part) => part !== '').join('\n\n')
}

function keyboard(card: Card, blockIsWhole: boolean, buttons: (spec: ButtonSpec) => string) {
  const approving = (spec: ButtonSpec) => spec.verb === 'approve' || spec.verb === 'confirm'
  return keyboardOf(card)
    .map((row) => row.filter((spec) => blockIsWhole || !approving(spec)))
    .filter((row) => row.length > 0)
    .map((row) => row.map((spec) => ({ text: cut(spec.label, 60), callback_data: buttons(spec) })))
}

function wholeLines(lines: readonly string[], room: number): { text: string; whole: boolean } {
  const text = lines.join('\n')
  return text.length <= room ? { text, whole: true } : { text: cut(text, room), whole: false }
}

/** What Telegram would turn into a link, an address, a mention, a hashtag, a cash tag, a command or a telephone number. */
const clickable =
  /:\/\/|[\p{L}\p{N}_-]\.\p{L}[\p{L}\p{N}-]+|(?:\d+\.){3}\d+|@|(^|[^\p{L}\p{N}_])\/[\p{L}\p{N}_]|#[\p{L}\p{N}_]*[\p{L}_]|\$[A-Z]|\+?\d[\d().-]{6,}\d/u

function setPlain(text: string): string {
  return spans(text)
    .map(({ code, text: part }) => (code ? `<code>${escapeHtml(part)}</code>` : escapeHtml(part)))
    .join('')
}

function setBold(text: string): string {
  return spans(text)
    .map(({ code, text: part }) => {
      if (code) return `<code>${escapeHtml(part)}</code>`
      return part.trim() === '' ? escapeHtml(part) : `<b>${escapeHtml(part)}</b>`
    })
    .join('')
}

/** Splits a text at its spaces into what may stand as it is and what must be set as code. */
function spans(text: string): { code: boolean; text: string }[] {
  const found: { code: boolean; text: string }[] = []
  for (const piece of text.split(/(\s+)/)) {
    if (piece === '') continue
    const code = clickable.test(piece)
    const last = found.at(-1)
    if (last && last.code === code) last.text += piece
    else found.push({ code, text: piece })
  }
  return found
}
