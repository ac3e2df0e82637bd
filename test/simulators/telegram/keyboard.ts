import { badRequest, type Params, structured } from './params.ts'
import type { Button, Keyboard } from './types.ts'

const actions = [
  'callback_data',
  'url',
  'web_app',
  'login_url',
  'switch_inline_query',
  'switch_inline_query_current_chat',
  'switch_inline_query_chosen_chat',
  'copy_text',
  'callback_game',
  'pay',
  'disabled',
]

/** The inline keyboard of a call, empty when there is none; throws what the real server would. */
export function readKeyboard(params: Params): Keyboard {
  const markup = structured(params, 'reply_markup')
  if (markup === undefined || markup === null) return []
  if (typeof markup !== 'object') throw badRequest('object expected as reply markup')
  const { inline_keyboard: rows } = markup as { inline_keyboard?: unknown }
  if (rows === undefined) return []
  if (!Array.isArray(rows))
    throw badRequest('field "inline_keyboard" of the InlineKeyboardMarkup must be of type Array')
  const keyboard = rows.map(readRow).filter((row) => row.length > 0)
  if (keyboard.flat().length > 100 || keyboard.some((row) => row.length > 8))
    throw badRequest('reply markup is too long')
  return keyboard
}

function readRow(row: unknown): Button[] {
  if (!Array.isArray(row))
    throw badRequest('field "inline_keyboard" of the InlineKeyboardMarkup must be an Array of Arrays')
  return row.map(readButton)
}

function readButton(value: unknown): Button {
  const unparsable = (reason: string) => badRequest(`can't parse inline keyboard button: ${reason}`)
  if (typeof value !== 'object' || value === null) throw unparsable('InlineKeyboardButton must be an Object')
  const button = value as Button
  if (typeof button.text !== 'string') throw unparsable('Can\'t find field "text"')
  if (button.text.trim() === '') throw badRequest('text buttons are unallowed in the inline keyboard')
  const chosen = actions.filter((action) => button[action] !== undefined)
  if (chosen.length === 0) throw unparsable('Text buttons are unallowed in the inline keyboard')
  if (chosen.length > 1) throw unparsable('exactly one action must be specified')
  const { callback_data: data, style } = button
  if (data !== undefined && (Buffer.byteLength(data) < 1 || Buffer.byteLength(data) > 64)) {
    throw badRequest('BUTTON_DATA_INVALID')
  }
  if (style !== undefined && !['danger', 'success', 'primary'].includes(style)) throw badRequest('BUTTON_STYLE_INVALID')
  return { ...button }
}
