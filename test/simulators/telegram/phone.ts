import type { SimulatedMessage } from './types.ts'

/** How a message looks on a phone, as plain monospace text: its text, then each row of buttons in brackets. */
export function renderPhone({ text, keyboard }: Pick<SimulatedMessage, 'text' | 'keyboard'>): string {
  const rows = keyboard.map((row) => row.map((button) => `[${button.text}]`).join(' '))
  return rows.length === 0 ? text : `${text}\n\n${rows.join('\n')}`
}
