import { html, raw } from 'hono/html'
import type { Tone } from '../../domain/card.ts'
import type { Html } from './page.ts'

/** Strokes on a 24 by 24 grid; drawn by us, so that they look alike on every machine. */
const strokes: Record<Tone, string> = {
  critical: 'M12 6v7M12 17.5v.1',
  warning: 'M12 6v7M12 17.5v.1',
  info: 'M12 11v6.5M12 6.5v.1',
  ask: 'M8 12.5V8a1.3 1.3 0 0 1 2.6 0V6a1.3 1.3 0 0 1 2.6 0v1a1.3 1.3 0 0 1 2.6 0v6.5c0 3-1.8 5-4.4 5-2.3 0-3.4-1-4.6-3.2l-1-2c-.4-1 .8-1.7 1.5-.9z',
  running: 'M18 12a6 6 0 1 1-2-4.5M16.5 4v4h-4',
  fixed: 'M6.5 12.5l3.8 3.8 7.2-8.3',
  failed: 'M7.5 7.5l9 9M16.5 7.5l-9 9',
  doubt: 'M9 9.2a3 3 0 1 1 4.4 2.6c-.9.5-1.4 1-1.4 2.2M12 17.5v.1',
  over: 'M7 12h10',
  quiet: 'M17 14.5A6.5 6.5 0 0 1 9.5 7a6 6 0 1 0 7.5 7.5z',
}

/** The sign of a tone, for eyes; the words beside it say the same. */
export function sign(tone: Tone): Html {
  return html`<svg class="sign" viewBox="0 0 24 24" width="24" height="24" aria-hidden="true"><path d="${raw(strokes[tone])}"/></svg>`
}
