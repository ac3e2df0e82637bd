import type { AddressInfo } from 'node:net'
import { createServer, type Server } from 'node:net'
import { afterEach, expect, test } from 'vitest'
import { type QdrantSimulator, startQdrant } from '../simulators/qdrant/server.ts'
import { type SimulatedTelegram, startTelegram } from '../simulators/telegram/server.ts'
import { type SeenCard, startWatch, type Watch } from '../support/watch.ts'
import { mending } from './runbooks.ts'

let watch: Watch | undefined
let telegram: SimulatedTelegram | undefined
let qdrant: QdrantSimulator | undefined
let silent: Server | undefined
afterEach(async () => {
  await watch?.stop()
  await telegram?.stop()
  await qdrant?.stop()
  silent?.close()
  watch = telegram = qdrant = silent = undefined
})

interface Told {
  /** From the break to the first card in the chat, ms. */
  firstMs: number
  /** From the break to the runbook, by exact lookup, on record; ms. */
  knownMs: number
  card: SeenCard
}

/** Breaks a workload under a watch that talks in a chat, and waits for what people get to see. */
async function breakUnder(env: Record<string, string>): Promise<Told> {
  const chat = await startTelegram()
  telegram = chat
  const started = await startWatch({
    runbooks: mending,
    fault: null,
    env: {
      TELEGRAM_BOT_TOKEN: chat.token,
      TELEGRAM_CHAT_ID: String(chat.chatId),
      TELEGRAM_API_ROOT: chat.url,
      TELEGRAM_RATE_PER_MINUTE: '0',
      ...env,
    },
  })
  watch = started
  await started.app.parts()
  const begun = performance.now()
  started.cluster.breakWorkload('shop/cart', 'crash-loop')
  await expect.poll(() => chat.messages().length, { timeout: 15_000, interval: 10 }).toBeGreaterThan(0)
  const firstMs = performance.now() - begun
  await started.until(({ incident }) => incident.runbookId === 'mend')
  const knownMs = performance.now() - begun
  return { firstMs, knownMs, card: await started.asked() }
}

function searchLine({ card }: SeenCard): string | undefined {
  return card.lines.find(({ label }) => label === 'Search')?.text
}

const faults: [string, (sim: QdrantSimulator) => void | Promise<void>, RegExp][] = [
  ['down', (sim) => sim.stop(), /^not searched for similar ones: Qdrant cannot be reached/],
  ['answering 5xx', (sim) => sim.fail(/./, 503), /^not searched for similar ones: Qdrant answered 503/],
  ['10 s slow', (sim) => sim.slow(10_000), /^not searched for similar ones: it took longer than a second/],
]

test.each(faults)(
  'F7: Qdrant %s: the card goes within 2 s, marked, and the exact lookup works',
  async (_, breakIt, mark) => {
    qdrant = await startQdrant()
    await breakIt(qdrant)
    const { firstMs, knownMs, card } = await breakUnder({ QDRANT_URL: qdrant.url })
    expect(firstMs).toBeLessThan(2_000)
    expect(knownMs).toBeLessThan(2_000)
    expect(searchLine(card)).toMatch(mark)
    expect(card.offers('approve')).toBe(true)
  },
)

test('F7, the control: with a Qdrant that answers nothing is marked', async () => {
  qdrant = await startQdrant()
  const { card } = await breakUnder({ QDRANT_URL: qdrant.url })
  expect(searchLine(card)).toBeUndefined()
  expect(qdrant.calls.some((call) => call.endsWith('/query/batch'))).toBe(true)
})

test('the network off, no Qdrant and no Ollama: the card comes within 2 s, and a plan after it', async () => {
  // An address of the documentation's: packets to it go nowhere. What is refused at once and what hangs are both met.
  const { firstMs, knownMs, card } = await breakUnder({
    QDRANT_URL: 'http://192.0.2.1:6333',
    OLLAMA_HOST: 'http://192.0.2.1:11434',
    ALERTMANAGER_URL: 'http://192.0.2.1:9093',
    PROMETHEUS_URL: 'http://192.0.2.1:9090',
  })
  expect(firstMs).toBeLessThan(2_000)
  expect(knownMs).toBeLessThan(2_000)
  expect(searchLine(card)).toMatch(/^not searched for similar ones/)
  expect(card.offers('approve')).toBe(true)
})

test('an Ollama that accepts and never answers: found by words alone, within 2 s, and said', async () => {
  const server = createServer()
  silent = server
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const port = (server.address() as AddressInfo).port
  const { firstMs, knownMs, card } = await breakUnder({ OLLAMA_HOST: `http://127.0.0.1:${port}` })
  expect(firstMs).toBeLessThan(2_000)
  expect(knownMs).toBeLessThan(2_000)
  expect(searchLine(card)).toMatch(/words alone|longer than a second/)
})
