import type { Tone } from '../../domain/card.ts'

const signs: Record<Tone, string> = {
  critical: '🔴',
  warning: '🟠',
  info: '🔵',
  ask: '✋',
  running: '⏳',
  fixed: '✅',
  failed: '❌',
  doubt: '❓',
  over: '⚪',
  quiet: '🔕',
}

/** The sign that stands before a card's title. */
export function signOf(tone: Tone): string {
  return signs[tone]
}
