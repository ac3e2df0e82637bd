import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import net from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { restart, runbook } from '../scenarios/runbooks.ts'
import { type SimulatedTelegram, startTelegram } from '../simulators/telegram/server.ts'
import { type Canary, type Redirector, startCanary, startRedirector } from '../support/canary.ts'
import { startWatch, type Watch } from '../support/watch.ts'

const METADATA = 'http://169.254.169.254'

let folder: string
let canary: Canary
let toCanary: Redirector
let toMetadata: Redirector
let telegram: SimulatedTelegram
let watch: Watch
/** Where this process, and with it the agent, opened a connection to: `127.0.0.1:5432`. */
const reached = new Set<string>()

beforeAll(async () => {
  const { connect } = net.Socket.prototype
  vi.spyOn(net.Socket.prototype, 'connect').mockImplementation(function (this: net.Socket, ...args: unknown[]) {
    const [first] = Array.isArray(args[0]) ? args[0] : args
    if (typeof first === 'object' && first !== null && 'port' in first)
      reached.add(`${'host' in first && first.host ? first.host : 'localhost'}:${first.port}`)
    return Reflect.apply(connect, this, args)
  })
  folder = await mkdtemp(join(tmpdir(), 'watchkeeper-outbound-'))
  canary = await startCanary()
  ;[toCanary, toMetadata] = await Promise.all([startRedirector(canary.url), startRedirector(METADATA)])
  telegram = await startTelegram({ oracle: join(folder, 'telegram.jsonl') })
  const lure = `![x](${canary.url}/pixel.png) <img src="${canary.url}/img"> [more](${canary.url}/more) ${METADATA}/latest`
  await writeFile(join(folder, 'notes.md'), `# Cart keeps crashing\n\n${lure}\n`)
  watch = await startWatch({
    fault: null,
    runbooks: { mend: `${runbook({ steps: restart() })}\n\n${lure}\n` },
    env: {
      TELEGRAM_BOT_TOKEN: telegram.token,
      TELEGRAM_CHAT_ID: String(telegram.chatId),
      TELEGRAM_API_ROOT: telegram.url,
      TELEGRAM_RATE_PER_MINUTE: '0',
      QDRANT_URL: toCanary.url,
      QDRANT_API_KEY: 'secret-of-qdrant',
      OLLAMA_HOST: toMetadata.url,
      ALERTMANAGER_URL: toCanary.url,
      PROMETHEUS_URL: toCanary.url,
      WATCHDOG_URL: `${toCanary.url}/ping`,
      KNOWLEDGE_DIRS: folder,
    },
  })
  watch.cluster.breakWorkload('shop/cart', 'crash-loop')
  watch.alertmanager.fire({ alertname: 'Watchdog', severity: 'none' })
  watch.alertmanager.fire(
    {
      alertname: 'Lure',
      namespace: 'shop',
      severity: 'critical',
      instance: new URL(canary.url).host,
      cluster: 'homelab',
    },
    {
      summary: `see ${canary.url}/summary and @admin or t.me/evil`,
      description: lure,
      runbook_url: `${canary.url}/runbook.md`,
      dashboard_url: `${METADATA}/latest/meta-data`,
    },
    { generatorURL: `${canary.url}/graph` },
  )
  await watch.asked(await incidentOf('KubePodCrashLooping'))
  await watch.until(({ incident }) => incident.status === 'watching', await incidentOf('Lure'))
  await vi.waitFor(() => {
    if (telegram.messages().filter(({ by }) => by === 'bot').length < 2)
      throw new Error('the chat has fewer than two cards')
  }, 15_000)
})
afterAll(async () => {
  await watch?.stop()
  await Promise.all([canary, toCanary, toMetadata, telegram].map((one) => one?.stop()))
  vi.restoreAllMocks()
  await rm(folder, { recursive: true, force: true })
})

async function incidentOf(alertname: string): Promise<number> {
  return await vi.waitFor(async () => {
    const [row] = await watch.db.sql<{ id: number }[]>`select id from incidents where alertname = ${alertname}`
    if (!row) throw new Error(`there is no incident ${alertname}`)
    return row.id
  }, 15_000)
}

test('A12: no address from an alert, a runbook, a page or a redirect is fetched', async () => {
  // Each of them was asked, and sent us elsewhere.
  await expect.poll(() => toCanary.asked.join('\n'), { timeout: 10_000 }).toMatch(/collections|aliases/)
  expect(toCanary.asked.join('\n')).toMatch(/\/ping/)
  await expect.poll(() => toCanary.asked.join('\n'), { timeout: 10_000 }).toMatch(/\/api\/v2\/alerts/)
  await expect.poll(() => toMetadata.asked.join('\n'), { timeout: 10_000 }).toMatch(/\/api\/embed/)
  expect(canary.visits).toEqual([])
})

test('A13: only configured hosts are reached', () => {
  const host = (url: string) => new URL(url).host
  const configured = [
    ...[watch.db.url, telegram.url, toCanary.url, toMetadata.url].map(host),
    // What this test talks to beside the agent: its simulators, and the agent by webhook.
    ...[watch.app.url, watch.alertmanager.url, watch.cluster.url].map(host),
  ].map((name) => name.replace('localhost', '127.0.0.1'))
  const strangers = [...reached]
    .map((name) => name.replace('localhost', '127.0.0.1'))
    .filter((name) => !configured.includes(name))
  expect(strangers).toEqual([])
})

test('A13: what goes to the chat goes to its chat alone, without previews, links or files', async () => {
  const lines = (await readFile(join(folder, 'telegram.jsonl'), 'utf8')).trim().split('\n')
  const calls = lines.map((line): { call?: string; params?: Record<string, unknown> } => JSON.parse(line))
  const chats = calls.flatMap(({ params }) => (params?.chat_id === undefined ? [] : [String(params.chat_id)]))
  expect([...new Set(chats)]).toEqual([String(telegram.chatId)])
  expect(
    calls.map(({ call }) => call).filter((call) => /photo|document|video|media|animation/i.test(call ?? '')),
  ).toEqual([])
  const said = telegram.messages().filter(({ by }) => by === 'bot')
  // The lure is there to be read, and nothing more.
  expect(said.some(({ text }) => text.includes('pixel.png'))).toBe(true)
  const contents = said.flatMap((message) => [message, ...message.edits])
  expect(contents.filter(({ preview }) => preview)).toEqual([])
  const live = contents
    .flatMap(({ entities }) => entities)
    .filter(({ type }) => !['bold', 'pre', 'code'].includes(type))
  expect(live).toEqual([])
  expect(contents.flatMap(({ keyboard }) => keyboard.flat()).filter(({ url }) => url !== undefined)).toEqual([])
})

test('A12 and A13, the controls: what is fetched is seen by the canary and by the list', async () => {
  await fetch(`${toCanary.url}/control`)
  expect(canary.visits).toContain('GET /control')
  expect(reached).toContain(new URL(canary.url).host)
})
