import { afterEach, expect, test } from 'vitest'
import { cardText } from '../../src/chat/cards/cards.ts'
import { type SimulatedAnthropic, startAnthropic } from '../simulators/anthropic/server.ts'
import type { Script } from '../simulators/model-faults.ts'
import { type SimulatedOllama, startOllama } from '../simulators/ollama/server.ts'
import { concludes, looks, type SaidPlan, takesTurns } from '../support/model-scripts.ts'
import { alice, bob, type SeenCard, startWatch, type Watch, type WatchOptions } from '../support/watch.ts'
import { restart, runbook } from './runbooks.ts'

let watch: Watch | undefined
let local: SimulatedOllama | undefined
let cloud: SimulatedAnthropic | undefined
afterEach(async () => {
  await watch?.stop()
  await Promise.all([local?.stop(), cloud?.stop()])
  watch = local = cloud = undefined
})

/** No runbook is for the alert, unless told. */
const strange = { other: runbook({ id: 'other', alertnames: 'SomethingElse', steps: restart() }) }

async function begin({ at, above, env, ...options }: { at?: Script; above?: Script } & WatchOptions = {}) {
  local = at && (await startOllama({ script: at }))
  cloud = above && (await startAnthropic({ script: above }))
  watch = await startWatch({
    runbooks: strange,
    env: {
      OLLAMA_MODEL: 'qwen3:8b',
      ...(local && { OLLAMA_HOST: local.url }),
      ...(cloud && { ANTHROPIC_API_KEY: 'a-key-for-tests', ANTHROPIC_BASE_URL: cloud.url }),
      ...env,
    },
    ...options,
  })
  return watch
}

const rollout = looks('kubernetes.rollout_status', { namespace: 'shop', workload: 'deployment/cart' })
const shown = { from: 'tool kubernetes.rollout_status', quote: 'not available' }
const restartIt: SaidPlan = {
  actions: [
    {
      tool: 'kubernetes.rollout_restart',
      arguments: { namespace: 'shop', workload: 'deployment/cart' },
      why: 'a fresh start clears it',
    },
  ],
}
const crash = { ...shown, title: 'The newest revision does not start', plan: restartIt }
const textOf = ({ card }: SeenCard) => cardText(card)
const ended = (view: SeenCard['view']) => view.investigations[0]?.status === 'done'

test('an alert without a runbook: the local model finds the cause, its plan is asked for, run and verified', async () => {
  const { until, asked, closed, cluster, db } = await begin({ at: takesTurns(rollout, concludes({ causes: [crash] })) })
  const first = await until(({ incident }) => incident.status === 'watching' || incident.round > 1)
  expect(first.view.incident.runbookId).toBeNull()
  const card = await asked()
  expect(textOf(card)).toContain('Cause: The newest revision does not start')
  expect(textOf(card)).toContain('Why: The newest revision does not start (kubernetes.rollout_status)')
  expect(textOf(card)).toMatch(/qwen3:8b \(local\) · \$0\.00 · /)
  expect(card.view.plan?.body).toMatchObject({
    runbook: null,
    proposal: { cause: 0 },
    actions: [{ tool: 'kubernetes.rollout_restart', target: { name: 'cart' } }],
    verify: [{ tool: 'kubernetes.rollout_status', expect: 'result.available' }, { kind: 'alert' }],
  })
  expect(cluster.changes()).toEqual([])
  await card.press('approve', bob)
  const end = await closed()
  expect(end.state).toBe('fixed')
  expect(cluster.restarts('shop/cart')).toBe(1)
  const rows = await db.sql<{ key: string }[]>`select key from evidence where key like 'look:%'`
  expect(rows).toHaveLength(1)
  expect(await db.sql`select 1 from trust`).toHaveLength(0)
})

test('two causes: nothing is planned until a person chooses, and then it is planned for that one', async () => {
  const scale: SaidPlan = {
    actions: [{ tool: 'kubernetes.scale', arguments: { namespace: 'shop', workload: 'deployment/cart', replicas: 2 } }],
  }
  const causes = [crash, { ...shown, title: 'It has too few replicas', plan: scale }]
  const { until, asked, cluster } = await begin({ at: takesTurns(rollout, concludes({ causes })) })
  const card = await until(ended)
  expect(textOf(card)).toMatch(/Perhaps 1: The newest revision does not start: .*\nPerhaps 2: It has too few replicas: /)
  expect(textOf(card)).toContain('[Plan: It has too few replicas]')
  expect(card.view.plan).toBeNull()
  const press = card.card.rows.flat().filter(({ verb }) => verb === 'choose')
  expect(press.map(({ params }) => params)).toEqual([{ cause: 0 }, { cause: 1 }])
  expect((await card.press('choose', bob, { params: { cause: 1 } })).text).toBe('I will make a plan for that and ask.')
  const question = await asked()
  expect(question.view.plan?.body.actions[0]).toMatchObject({ tool: 'kubernetes.scale', arguments: { replicas: 2 } })
  expect(textOf(question)).toContain('Cause: It has too few replicas')
  expect(textOf(question)).toContain('[Plan: The newest revision does not start]')
  await question.press('choose', bob, { params: { cause: 0 } })
  const other = await until((view, state) => state === 'asked' && view.incident.round === 3)
  expect(other.view.plan?.body.actions[0]?.tool).toBe('kubernetes.rollout_restart')
  expect((await question.press('approve', alice)).text).toMatch(/newer plan|moved on/)
  expect(cluster.changes()).toEqual([])
})
