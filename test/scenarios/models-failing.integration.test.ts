import { afterEach, expect, test } from 'vitest'
import { cardText } from '../../src/chat/cards/cards.ts'
import { type SimulatedAnthropic, startAnthropic } from '../simulators/anthropic/server.ts'
import type { ModelFault, Script } from '../simulators/model-faults.ts'
import { type SimulatedOllama, startOllama } from '../simulators/ollama/server.ts'
import { concludes, looks, takesTurns } from '../support/model-scripts.ts'
import { type SeenCard, startWatch, type Watch, type WatchOptions } from '../support/watch.ts'
import { mending } from './runbooks.ts'

let watch: Watch | undefined
let local: SimulatedOllama | undefined
let cloud: SimulatedAnthropic | undefined
afterEach(async () => {
  await watch?.stop()
  await Promise.all([local?.stop(), cloud?.stop()])
  watch = local = cloud = undefined
})

async function begin({ at, above, env, ...options }: { at?: Script; above?: Script } & WatchOptions = {}) {
  local = at && (await startOllama({ script: at, trickleMs: 200 }))
  cloud = above && (await startAnthropic({ script: above }))
  watch = await startWatch({
    runbooks: mending,
    fault: null,
    env: {
      OLLAMA_MODEL: 'qwen3:8b',
      OLLAMA_DEADLINE: '1s',
      CLAUDE_DEADLINE: '1s',
      ...(local && { OLLAMA_HOST: local.url }),
      ...(cloud && { ANTHROPIC_API_KEY: 'a-key-for-tests', ANTHROPIC_BASE_URL: cloud.url }),
      ...env,
    },
    ...options,
  })
  return watch
}

const always =
  (fault: ModelFault): Script =>
  () => ({ fault, text: 'a token and another' })
const rollout = looks('kubernetes.rollout_status', { namespace: 'shop', workload: 'deployment/cart' })
const crash = {
  ...{ title: 'The newest revision does not start', quote: 'available' },
  from: 'tool kubernetes.rollout_status',
}
const textOf = ({ card }: SeenCard) => cardText(card)
const ended = (view: SeenCard['view']) => view.investigations[0]?.status === 'done'

test.each<ModelFault>(['hang', 'trickle'])(
  'F8: the local model can only %s: the question is there at once, the card says that no answer came, and its slot is free',
  async (fault) => {
    const { asked, until, cluster } = await begin({ at: always(fault) })
    cluster.breakWorkload('shop/cart', 'crash-loop')
    const begun = performance.now()
    await until(({ incident }) => incident.runbookId === 'mend')
    expect(performance.now() - begun).toBeLessThan(2_000)
    const first = await asked()
    expect(ended(first.view)).toBe(false)
    expect(textOf(first)).toContain('Looking deeper…')
    const later = await until(ended)
    expect(textOf(later)).toMatch(
      /Diagnosis: Looked deeper without an answer\. Ollama did not answer within \d+ ms\..*no model used/s,
    )
    expect(later.view.approval?.status).toBe('pending')
    await until(() => local?.open() === 0)
  },
)

test('F8: a local model that hangs escalates once, and the reason is on the card', async () => {
  const { until, cluster } = await begin({
    at: always('hang'),
    above: takesTurns(rollout, concludes({ causes: [crash] })),
  })
  cluster.breakWorkload('shop/cart', 'crash-loop')
  const card = await until(ended)
  expect(textOf(card)).toContain('Cause: The newest revision does not start')
  expect(textOf(card)).toMatch(/claude-sonnet-5-5, because Ollama did not answer within \d+ ms · (under )?\$0\.0\d/)
  // Once it has escalated it stays there: the local model is not tried again for each turn.
  expect(local?.calls().filter(({ path }) => path === '/api/chat')).toHaveLength(1)
})

test.each<ModelFault>(['429', '529', 'hang', 'refuse'])(
  'F9: the cloud answers with %s: the local answer counts, and the card says that the cloud did not help',
  async (fault) => {
    const { until, cluster, db } = await begin({
      at: takesTurns(rollout, concludes({ causes: [crash] })),
      above: always(fault),
      env: { MODEL_MODE: 'cloud_first' },
    })
    cluster.breakWorkload('shop/cart', 'crash-loop')
    const card = await until(ended)
    expect(textOf(card)).toContain('Cause: The newest revision does not start')
    expect(textOf(card)).toContain('Note: The cloud did not help')
    const [spent] = await db.sql<
      { usd: number }[]
    >`select coalesce(sum(spent_micro_usd), 0)::float8 as usd from inference_calls`
    expect(spent?.usd).toBeLessThan(500_000)
  },
)

test('a budget that is spent: the local model answers, and the card says why the cloud did not', async () => {
  const { until, cluster } = await begin({
    at: takesTurns(rollout, concludes({ causes: [crash] })),
    above: takesTurns(rollout, concludes({ causes: [crash] })),
    env: { MODEL_MODE: 'cloud_first', BUDGET_DAY_USD: '0' },
  })
  cluster.breakWorkload('shop/cart', 'crash-loop')
  const card = await until(ended)
  expect(textOf(card)).toContain('Cause: The newest revision does not start')
  expect(textOf(card)).toMatch(/Note: The cloud did not help: .*(spent|budget)/i)
  expect(cloud?.calls().filter(({ path }) => path === '/v1/messages')).toEqual([])
})

test('the process is killed while a model is asked: another takes it up, and the answer comes', async () => {
  let turns = 0
  const { until, cluster, killAgent, startAgent } = await begin({
    process: true,
    // The first one asked never answers; what comes after the kill does.
    at: (seen) => (turns++ === 0 ? { fault: 'hang' } : takesTurns(rollout, concludes({ causes: [crash] }))(seen)),
    env: { OLLAMA_DEADLINE: '60s' },
  })
  cluster.breakWorkload('shop/cart', 'crash-loop')
  await until(() => local?.open() === 1)
  await killAgent()
  await startAgent()
  const card = await until(ended)
  expect(textOf(card)).toContain('Cause: The newest revision does not start')
  const [row] = (await watch?.db.sql.unsafe('select attempts from investigations')) ?? []
  expect(row).toEqual({ attempts: 2 })
})

test('without any model nothing is asked for, and the card says so', async () => {
  const { asked, cluster, db } = await begin()
  cluster.breakWorkload('shop/cart', 'crash-loop')
  expect(textOf(await asked())).toContain('no model used')
  expect(await db.sql`select 1 from investigations`).toHaveLength(0)
})

test('models that are switched off are not asked', async () => {
  const { asked, cluster, db } = await begin({ at: always('hang'), env: { MODEL_MODE: 'off' } })
  cluster.breakWorkload('shop/cart', 'crash-loop')
  await asked()
  expect(await db.sql`select 1 from investigations`).toHaveLength(0)
})
