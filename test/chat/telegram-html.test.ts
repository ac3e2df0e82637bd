import fc from 'fast-check'
import { expect, test } from 'vitest'
import { cardOf, everyButton } from '../../src/chat/cards/cards.ts'
import { escapeHtml, telegramHtml, telegramLine } from '../../src/chat/telegram-html.ts'
import type { Card } from '../../src/domain/card.ts'
import { readText } from '../simulators/telegram/text.ts'
import { hostileView, text } from './hostile.ts'
import { asking, utc } from './views.ts'

const token = () => 'AAAAAAAAAAAAAAAAAAAAAA'

/** What Telegram would make of a message: the simulator reads HTML as the real server does, and finds links by itself. */
function read(html: string) {
  return readText({ text: html, parse_mode: 'HTML' }, 'too long')
}

/** Only the tags we mean, in pairs, never crossed; every `&` begins one of the three entities we write. */
function strict(html: string): void {
  const open: string[] = []
  for (const [, end, tag = ''] of html.matchAll(/<(\/?)([^>]*)>/g)) {
    expect(['b', 'pre', 'code']).toContain(tag)
    if (end) expect(open.pop()).toBe(tag)
    else {
      expect(open).toEqual([])
      open.push(tag)
    }
  }
  expect(open).toEqual([])
  expect(html.replace(/<\/?(b|pre|code)>/g, '')).not.toMatch(/[<>]|&(?!(?:amp|lt|gt);)/)
}

test('a card: bold title, the block fixed beneath it, bold labels, and the buttons with their tokens', () => {
  const { text: html, reply_markup } = telegramHtml(cardOf(asking(), utc), ({ verb }) => `t-${verb}`)
  expect(html).toMatch(/^<b>✋ Approve\? radarr – keeps running out of memory<\/b>\n<pre>RUNS EXACTLY THIS · plan /)
  expect(html).toContain('<b>Seen:</b> OOMKilled (137)')
  expect(html).toContain('Way back: limits.memory 1Gi, asked again before it runs\n')
  expect(reply_markup.inline_keyboard[0]).toEqual([
    { text: '✅ Approve', callback_data: 't-approve' },
    { text: '✖ Reject', callback_data: 't-reject' },
  ])
})

test('what Telegram would make clickable is set as code instead', () => {
  for (const trap of [
    'see https://evil.example/x now',
    'evil.com',
    'ask @admin',
    'send /freeze',
    'a@b.io',
    '#leak',
    '10.0.0.1',
    't.me/x',
  ]) {
    const kinds = read(telegramLine(trap)).entities.map(({ type }) => type)
    expect(kinds, trap).toEqual(['code'])
  }
  expect(telegramLine('media/radarr · 7 alerts, #1287')).toBe('media/radarr · 7 alerts, #1287')
})

test('the escaper', () => {
  expect(escapeHtml('a < b & c > "d" \ud800')).toBe('a &lt; b &amp; c &gt; "d" \ufffd')
})

test('whatever a view holds: valid, short enough, nothing clickable, the block first and to the letter', () => {
  fc.assert(
    fc.property(hostileView, (view) => {
      const card = cardOf(view, utc)
      const { text: html, reply_markup } = telegramHtml(card, token)
      strict(html)
      const { text: seen, entities, preview } = read(html)
      expect(seen.length).toBeLessThanOrEqual(4_096)
      expect(entities.length).toBeLessThan(100)
      expect(preview).toBe(false)
      expect(
        [...new Set(entities.map(({ type }) => type))].filter((type) => !['bold', 'pre', 'code'].includes(type)),
      ).toEqual([])
      if (card.block) expect(seen.split('\n').slice(1, card.block.length + 1)).toEqual(card.block)
      expect(reply_markup.inline_keyboard.flat().length).toBeLessThanOrEqual(everyButton(view).length)
    }),
    { numRuns: 400 },
  )
})

test('any card at all, however it was made, is valid; a block that does not fit takes Approve with it', () => {
  const card = fc.record({
    title: text,
    where: text,
    block: fc.option(fc.array(text, { maxLength: 40 })),
    lines: fc.array(fc.record({ label: text, text }), { maxLength: 30 }),
    footer: text,
    details: fc.array(text, { maxLength: 30 }),
    menu: fc.constantFrom(null, 'details'),
  })
  const approve = { verb: 'approve', subject: 'a', label: 'Approve' } as const
  fc.assert(
    fc.property(card, (made) => {
      const whole: Card = {
        incident: 1,
        tone: 'ask',
        digest: null,
        rows: [[approve]],
        quiet: [],
        more: [],
        ...made,
      } as Card
      const { text: html, reply_markup } = telegramHtml(whole, token)
      strict(html)
      const { text: seen, entities } = read(html)
      expect(seen.length).toBeLessThanOrEqual(4_096)
      expect(entities.length).toBeLessThan(100)
      const fits = (made.block ?? []).join('\n').length <= 3_500
      expect(reply_markup.inline_keyboard.length).toBe(fits ? 1 : 0)
    }),
    { numRuns: 300 },
  )
})
