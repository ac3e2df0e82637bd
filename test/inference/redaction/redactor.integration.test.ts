import { afterAll, expect, test } from 'vitest'
import type { Drawn, Messenger } from '../../../src/chat/outbox/messenger.ts'
import { redactingMessenger } from '../../../src/chat/outbox/redacting-messenger.ts'
import { cutter, RedactionError } from '../../../src/inference/redaction/cutter.ts'
import { redactor } from '../../../src/inference/redaction/redactor.ts'
import { KEY } from '../harness.ts'

const cutting = cutter()
afterAll(() => cutting.close())

const script = (source: string) => new URL(`data:text/javascript,${encodeURIComponent(source)}`)
const PORT = "import { parentPort } from 'node:worker_threads'; parentPort.on('message', (asked) => {"

test.each([
  ['hangs', `${PORT} for (;;) {} })`],
  ['crashes', `${PORT} throw new Error('x') })`],
  ['fails', `${PORT} parentPort.postMessage({ id: asked.id, failed: true }) })`],
  ['leaves a text out', `${PORT} parentPort.postMessage({ id: asked.id, results: [] }) })`],
])('A15: a search that %s refuses its texts', async (_, source) => {
  const broken = cutter({ timeoutMs: 300, worker: script(source) })
  await expect(broken.cut(['x'])).rejects.toBeInstanceOf(RedactionError)
  await broken.close()
})

test('a request leaves without secrets and names, and its answer is readable again', async () => {
  const { request, restore, counts } = await redactor({ cutter: cutting, key: KEY, words: [] }).forCloud(
    {
      system: 'You look.',
      messages: [{ role: 'user', text: 'DB_PASSWORD=hunter2hunter on nas-cellar (10.1.2.3)' }],
      tools: [{ name: 'x', description: 'of nas-cellar', parameters: { type: 'object', properties: {} } }],
      maxTokens: 10,
    },
    ['nas-cellar'],
  )
  const sent = JSON.stringify(request)
  for (const word of ['hunter2hunter', 'nas-cellar', '10.1.2.3']) expect(sent).not.toContain(word)
  const said = request.messages[0]?.text ?? ''
  const usage = { inputTokens: 0, outputTokens: 0, cacheReadTokens: 0, cacheWriteTokens: 0 }
  const answer = restore({
    text: said,
    calls: [{ id: '1', name: 'x', args: { in: [said] } }],
    ended: 'complete',
    usage,
  })
  expect(answer.text).toBe('DB_PASSWORD=[secret] on nas-cellar (10.1.2.3)')
  expect(answer.calls[0]?.args).toEqual({ in: [answer.text] })
  expect(counts).toMatchObject({ 'cut:named': 1 })
})

test('A13: the chat gets no secret, and nothing at all where the search fails', async () => {
  const sent: Drawn[] = []
  const messenger = {
    chatId: 1,
    send: async ({ drawn }: { drawn: Drawn }) => {
      sent.push(drawn)
      return { chatId: 1, threadId: null, messageId: 1 }
    },
  } as unknown as Messenger
  const drawn = { html: '<pre>password=&quot;hunter2hunter&quot;</pre>', keyboard: [[{ text: 'Approve', data: 'd' }]] }
  const message = { threadId: null, silent: true, drawn }
  const red = redactor({ cutter: cutting, key: KEY, words: [] })
  await redactingMessenger(messenger, (texts) => red.forChat(texts)).send(message)
  await redactingMessenger(messenger, () => Promise.reject(new RedactionError('no'))).send(message)
  expect(sent[0]?.html).not.toContain('hunter2')
  expect(sent[0]?.keyboard).toEqual(drawn.keyboard)
  expect(sent[1]).toEqual({ html: expect.stringContaining('withheld'), keyboard: [] })
})
