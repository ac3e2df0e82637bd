import { Api } from 'grammy'
import { expect, test } from 'vitest'
import { chatGate } from '../../src/chat/outbox/gate.ts'
import { telegramSpeaker } from '../../src/chat/telegram-speaker.ts'

const CHAT = -100

/** Records what would be sent, and sends nothing. */
function recordingApi() {
  const sent: string[] = []
  const api = new Api('1:x')
  api.config.use((async (_call: unknown, method: string) => {
    sent.push(method)
    return { ok: true, result: { message_id: 1 } }
  }) as never)
  return { api, sent }
}

test.each([
  ['our chat', CHAT],
  ['a chat of its own', 7],
])('whoever lost the duty while the chat paused says and edits nothing more in %s', async (_, chatId) => {
  const { api, sent } = recordingApi()
  const gate = chatGate({ perMinute: 0 })
  const duty = new AbortController()
  const speaker = telegramSpeaker({ api, gate, chatId: CHAT, clean: undefined, until: duty.signal })
  await speaker.say({ chatId, threadId: null }, 'before')
  expect(sent).toEqual(['sendMessage'])
  gate.pause(Date.now() + 60_000)
  const waiting = chatId === CHAT ? speaker.say({ chatId, threadId: null }, 'during') : undefined
  const ended = waiting && expect(waiting).rejects.toThrow('lost')
  duty.abort(new Error('lost'))
  await ended
  await expect(speaker.edit({ chatId, messageId: 1 }, 'after')).rejects.toThrow('lost')
  expect(sent).toEqual(['sendMessage'])
})
