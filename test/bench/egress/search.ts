import { randomBytes } from 'node:crypto'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Api } from 'grammy'
import { redactingMessenger } from '../../../src/chat/outbox/redacting-messenger.ts'
import { escapeHtml } from '../../../src/chat/telegram-html.ts'
import { telegramMessenger } from '../../../src/chat/telegram-messenger.ts'
import { readConfig } from '../../../src/config.ts'
import { memoryCalls } from '../../../src/inference/memory-calls.ts'
import { neverLeaves } from '../../../src/inference/never-leaves.ts'
import { openInference } from '../../../src/inference/open-inference.ts'
import { readPrompt } from '../../../src/inference/prompts.ts'
import { investigator } from '../../../src/investigation/investigate.ts'
import type { Looking } from '../../../src/investigation/port.ts'
import { startAnthropic } from '../../simulators/anthropic/server.ts'
import type { SeenRequest } from '../../simulators/model-faults.ts'
import { startOllama } from '../../simulators/ollama/server.ts'
import { startTelegram } from '../../simulators/telegram/server.ts'
import { LISTED, type Plant, plants } from './plants.ts'

export interface Egress {
  planted: number
  /** Secrets of known formats that stood in full in a request. */
  knownFormatLeaked: string[]
  /** The same, half a secret and what is personal counted too. */
  leaked: string[]
  roundtripOk: boolean
}

const LOT = 20

/** Plants, escalates, shows it in the chat, and reads what left the house. */
export async function search(): Promise<Egress> {
  const folder = await mkdtemp(join(tmpdir(), 'egress-'))
  const files = { cloud: join(folder, 'cloud.jsonl'), chat: join(folder, 'chat.jsonl') }
  const ollama = await startOllama({ script: () => ({ fault: 'invented' }) })
  const anthropic = await startAnthropic({ oracle: files.cloud })
  const telegram = await startTelegram({ oracle: files.chat })
  const config = readConfig({
    OLLAMA_HOST: ollama.url,
    ANTHROPIC_API_KEY: 'sk-simulated-key',
    ANTHROPIC_BASE_URL: anthropic.url,
    REDACT_WORDS: LISTED.join(','),
    BUDGET_INCIDENT_TOKENS: '100000000',
    BUDGET_INCIDENT_USD: '1000',
    BUDGET_DAY_USD: '100000',
    BUDGET_MONTH_USD: '100000',
    BUDGET_DAY_TOKENS: '1000000000',
    BUDGET_MONTH_TOKENS: '1000000000',
  }).inference
  const inference = await openInference(config, {
    calls: memoryCalls(config.budget, () => new Date()),
    placeholderKey: randomBytes(32),
    people: ['alice'],
    now: Date.now,
  })
  try {
    const all = plants()
    let roundtrips = 0
    for (let lot = 0; lot * LOT < all.length; lot++) {
      const some = all.slice(lot * LOT, (lot + 1) * LOT)
      roundtrips += (await escalate(lot, some)) ? 1 : 0
      await show(some)
    }
    const [cloud, chat] = await Promise.all([readFile(files.cloud, 'utf8'), readFile(files.chat, 'utf8')])
    const told = { cloud: squeezed(cloud), chat: squeezed(chat) }
    const full = (plant: Plant) =>
      plant.hidden.some((value) => shows(told.cloud, value) || (plant.secret && shows(told.chat, value)))
    const half = (plant: Plant) =>
      plant.secret &&
      plant.hidden.some((value) => halves(value).some((part) => shows(told.cloud, part) || shows(told.chat, part)))
    return {
      planted: all.length,
      knownFormatLeaked: all.filter((plant) => plant.secret && full(plant)).map(({ kind }) => kind),
      leaked: all.filter((plant) => full(plant) || half(plant)).map(({ kind }) => kind),
      roundtripOk: roundtrips === Math.ceil(all.length / LOT),
    }
  } finally {
    await Promise.all([inference.close(), ollama.stop(), anthropic.stop(), telegram.stop()])
    await rm(folder, { recursive: true, force: true })
  }

  /** The local model invents a tool twice, so the cloud is asked; it looks where a placeholder points, and quotes it. */
  async function escalate(incident: number, some: readonly Plant[]): Promise<boolean> {
    const [inAlert, inLog, inTool] = [0, 1, 2].map((part) =>
      some.filter((_, i) => i % 3 === part).map(({ text }) => text),
    )
    const host = `shelf-${randomBytes(3).toString('hex')}.cellar.lan`
    const asked: unknown[] = []
    const looking: Looking = {
      tools: async () => [LOGS],
      async look(_tool, args) {
        asked.push(args.name)
        return { ok: true, summary: (inLog ?? []).join('\n'), result: { lines: inTool ?? [], host } }
      },
    }
    anthropic.script((seen) => pointing(seen))
    const report = await investigator({
      router: inference.router,
      looking,
      prompt: readPrompt('investigate'),
      neverLeaves: neverLeaves(config.neverLeaves),
      limits: { characters: 200_000, allCharacters: 2_000_000, knownCharacters: 200_000 },
      now: Date.now,
    }).investigate({
      incident,
      severity: 'warning',
      labels: { alertname: 'Egress', instance: host },
      annotations: { summary: `it is about ${host}` },
      known: [{ source: 'page', text: (inAlert ?? []).join('\n') }],
      required: [],
      signals: [],
      deadlineMs: 30_000,
    })
    return asked[0] === host && report.conclusion?.causes[0]?.title === `${host} is unwell`
  }

  async function show(some: readonly Plant[]): Promise<void> {
    const api = new Api(telegram.token, { apiRoot: telegram.url })
    const messenger = redactingMessenger(telegramMessenger(api, telegram.chatId), (texts) =>
      inference.redactor.forChat(texts),
    )
    for (const { text } of some)
      await messenger.send({
        threadId: null,
        silent: true,
        drawn: { html: `<b>Egress</b>\n<pre>${escapeHtml(text)}</pre>`, keyboard: [] },
      })
  }
}

const LOGS = {
  name: 'kubernetes.logs',
  description: 'The last lines of a pod.',
  parameters: { type: 'object', properties: { name: { type: 'string' } }, required: ['name'] },
}

function pointing({ text, turn }: SeenRequest) {
  const word = /it is about (\S+)/.exec(text)?.[1] ?? 'nothing'
  if (turn === 0) return { tool: 'kubernetes.logs', args: { name: word } }
  const claims = [{ text: 'It is named.', cites: [{ evidence: 'e1', quote: `it is about ${word}` }] }]
  const causes = [{ title: `${word} is unwell`, confidence: 0.5, claims }]
  return { tool: 'conclude', args: { finding: 'cause_found', summary: 'So it is.', causes, claims: [], next: '' } }
}

/** Without what a broken line, an escape or a string put together would hide from a search. */
function squeezed(text: string): string {
  const open = text.replaceAll(/\\+u([0-9a-f]{4})/gi, (_, code) => String.fromCharCode(Number.parseInt(code, 16)))
  return `${open}\n${open.replaceAll(/\\+[nrt]|[\s\\"']/g, '')}`
}

function shows(told: string, value: string): boolean {
  return formsOf(value).some((form) => told.includes(form))
}

function halves(value: string): string[] {
  const middle = Math.ceil(value.length / 2)
  return [value.slice(0, middle), value.slice(middle)].filter((part) => part.length >= 16)
}

function formsOf(value: string): string[] {
  const inner = (offset: number) => {
    const text = Buffer.from('x'.repeat(offset) + value).toString('base64')
    return text.slice(offset === 0 ? 0 : 4, -4)
  }
  const encoded = [0, 1, 2].map(inner).filter((form) => form.length >= 8)
  return [value, encodeURIComponent(value), Buffer.from(value).toString('hex'), ...encoded]
}
