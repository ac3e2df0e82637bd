import { cardOf, everyButton } from '../../src/chat/cards/cards.ts'
import { escapeHtml, telegramHtml } from '../../src/chat/telegram-html.ts'
import type { IncidentView } from '../../src/domain/view.ts'
import { parseHtml } from '../../test/simulators/telegram/html.ts'

/**
 * The card of an incident in a phone's chat: the very message that goes to Telegram, its keyboard below. The frame around
 * it is ours. Throws where Telegram would refuse the message.
 */
export function phonePage(view: IncidentView, topic: string): string {
  const known = new Set(everyButton(view).map(({ label }) => label))
  const { text, reply_markup } = telegramHtml(cardOf(view, { timezone: 'UTC' }), ({ label }) =>
    known.has(label) ? label : '',
  )
  parseHtml(text)
  const keyboard = reply_markup.inline_keyboard
    .map((row) => `<div class="row">${row.map((button) => `<b>${escapeHtml(button.text)}</b>`).join('')}</div>`)
    .join('')
  return `<!doctype html><meta charset="utf-8"><style>${style}</style>
<header><i>‹</i><span class="face">W</span><div><b>${escapeHtml(topic)}</b><small>Homelab</small></div></header>
<main><p class="who">Watchkeeper</p><article>${text}<time>${time(view.now)}</time></article>${keyboard}</main>`
}

function time(at: Date): string {
  return at.toISOString().slice(11, 16)
}

const style = `
* { box-sizing: border-box }
body { margin: 0; width: 400px; background: #0e1621; color: #f2f5f7; font: 15px/1.35 system-ui, 'Noto Sans', 'DejaVu Sans', sans-serif }
header { display: flex; gap: 12px; align-items: center; padding: 10px 14px; background: #17212b }
header i { font: 30px/1 sans-serif; color: #6ab3f3 }
header .face { width: 38px; height: 38px; border-radius: 50%; background: #2f6f73; text-align: center; font: bold 18px/38px sans-serif }
header b, header small { display: block } header small { color: #7f91a4 }
main { padding: 12px 12px 16px }
.who { margin: 0; padding: 8px 12px 0; background: #182533; border-radius: 14px 14px 0 0; color: #6ab3f3; font-weight: 600 }
article { white-space: pre-wrap; overflow-wrap: anywhere; background: #182533; border-radius: 0 0 14px 4px; padding: 2px 12px 24px; position: relative }
article pre { margin: 6px 0; padding: 8px 10px; border-left: 3px solid #6ab3f3; border-radius: 6px; background: #101b27; white-space: pre-wrap; font: 12.5px/1.4 'DejaVu Sans Mono', monospace; color: #cfe3f5 }
article code { font: 13.5px 'DejaVu Sans Mono', monospace; color: #8fc4f0 }
article time { position: absolute; right: 10px; bottom: 5px; font-size: 12px; color: #7f91a4 }
.row { display: flex; gap: 4px; margin-top: 4px }
.row b { flex: 1; padding: 10px 4px; border-radius: 8px; background: #2b3b4c; text-align: center; font-weight: 500 }`
