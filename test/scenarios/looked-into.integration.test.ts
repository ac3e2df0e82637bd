import { afterEach, expect, test } from 'vitest'
import { cardText } from '../../src/chat/cards/cards.ts'
import type { Json } from '../../src/domain/json.ts'
import { readPrompt } from '../../src/inference/prompts.ts'
import { readRecording } from '../../src/investigation/recording.ts'
import { replay } from '../../src/investigation/replay.ts'
import { type SimulatedAnthropic, startAnthropic } from '../simulators/anthropic/server.ts'
import type { Script } from '../simulators/model-faults.ts'
import { type SimulatedOllama, startOllama } from '../simulators/ollama/server.ts'
import { concludes, looks, type SaidPlan, takesTurns } from '../support/model-scripts.ts'
import { alice, bob, type SeenCard, startWatch, type Watch, type WatchOptions } from '../support/watch.ts'
import { mending, restart, runbook } from './runbooks.ts'

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
  // It can be run again without any network, and comes to the same.
  const [kept] = await db.sql<{ recording: Json }[]>`select recording from investigations`
  const recording = readRecording(kept?.recording ?? null)
  if (!recording) throw new Error('there is no recording')
  const again = await replay(recording, { prompt: readPrompt('investigate') })
  expect(again.differences).toEqual([])
  expect(again.report.conclusion?.causes[0]?.plan).toMatchObject({ kind: 'actions' })
})

test('two causes: nothing is planned until a person chooses, and then it is planned for that one', async () => {
  const scale: SaidPlan = {
    actions: [{ tool: 'kubernetes.scale', arguments: { namespace: 'shop', workload: 'deployment/cart', replicas: 2 } }],
  }
  const causes = [crash, { ...shown, title: 'It has too few replicas', plan: scale }]
  const { until, asked, cluster } = await begin({ at: takesTurns(rollout, concludes({ causes })) })
  const card = await until(ended)
  expect(textOf(card)).toMatch(
    /Perhaps 1: The newest revision does not start: .*\nPerhaps 2: It has too few replicas: /,
  )
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

test('what the evidence does not hold escalates, and the card says who said it, why, and what it cost', async () => {
  const invented = { ...crash, quote: 'the disk is full', plan: {} }
  const { until, db } = await begin({
    at: takesTurns(rollout, concludes({ causes: [invented] })),
    above: takesTurns(concludes({ causes: [{ ...crash, plan: {} }] })),
  })
  const card = await until(ended)
  expect(textOf(card)).toContain('Cause: The newest revision does not start')
  expect(textOf(card)).toMatch(
    /qwen3:8b \(local\), then claude-sonnet-5-5, because it cited what does not hold · (under \$0\.01|\$0\.0\d)/,
  )
  const calls = await db.sql<{ place: string; reason: string }[]>`
    select place, reason from inference_calls order by at`
  expect(calls.map(({ place, reason }) => [place, reason])).toEqual([
    ['local', 'mode'],
    ['local', 'mode'],
    ['local', 'mode'],
    ['cloud', 'evidence'],
  ])
})

test('Ask Claude looks into it anew in the cloud, and the card says what that changed', async () => {
  const { until, card, db } = await begin({
    at: takesTurns(rollout, concludes({ causes: [{ ...crash, plan: {} }] })),
    above: takesTurns(rollout, concludes({ causes: [{ ...shown, title: 'Its image is broken' }] })),
  })
  const first = await until(ended)
  expect(cloud?.calls()).toEqual([])
  expect((await first.press('ask_cloud', bob)).text).toBe('Asking Claude. The answer comes on this card.')
  const second = await until(
    ({ investigations }) => investigations.filter(({ status }) => status === 'done').length === 2,
  )
  expect(textOf(second)).toContain('Cause: Its image is broken')
  expect(textOf(second)).toContain('Compared: before it was: The newest revision does not start')
  expect(textOf(second)).toMatch(/claude-sonnet-5-5 · (under )?\$0\.0\d/)
  expect((await card()).view.investigations.map(({ askedBy }) => askedBy)).toEqual(['bob', 'agent'])
  const kept = await db.sql`select 1 from ledger where kind = 'decided' and body->>'verb' = 'ask_cloud'`
  expect(kept).toHaveLength(1)
})

test('nothing goes to the cloud where the mode says so, whoever taps', async () => {
  const { until } = await begin({
    at: takesTurns(rollout, concludes({})),
    above: takesTurns(concludes({})),
    env: { MODEL_MODE: 'local_only' },
  })
  const card = await until(ended)
  expect(textOf(card)).toContain('Diagnosis: What could be seen does not say why.')
  expect((await card.press('ask_cloud', bob)).text).toContain('The mode is local_only')
  expect(cloud?.calls()).toEqual([])
})

test('nothing wrong is an answer: the card says so, with what shows it, and nothing is proposed', async () => {
  const fine = { ...shown, title: 'Its pods come and go', quote: 'cart' }
  const { until, cluster } = await begin({
    at: takesTurns(rollout, concludes({ finding: 'not_a_problem', causes: [fine] })),
  })
  const card = await until(ended)
  expect(textOf(card)).toContain(
    'Diagnosis: Nothing seems to be wrong.\nWhy: Its pods come and go (kubernetes.rollout_status)',
  )
  expect(card.view.plan).toBeNull()
  expect(card.offers('choose')).toBe(false)
  expect(cluster.changes()).toEqual([])
})

test('a runbook that is known makes its plan at once; what the model finds is added to that card', async () => {
  const { asked, until } = await begin({
    runbooks: mending,
    at: takesTurns(rollout, concludes({ causes: [{ ...crash, plan: restartIt }] })),
  })
  const card = await asked()
  const later = await until((view) => ended(view) && view.approval?.status === 'pending')
  expect(later.view.plan?.id).toBe(card.view.plan?.id)
  expect(later.view.incident.round).toBe(1)
  expect(textOf(later)).toContain('Cause: The newest revision does not start')
})

test('a runbook that is proposed for an alert it is not for is held to no level of its own', async () => {
  const { until, asked, earn, policy } = await begin({
    at: takesTurns(rollout, concludes({ causes: [{ ...crash, plan: { runbook: 'other' } }] })),
  })
  await earn('standard', 'other')
  await policy('NORMAL')
  const card = await asked()
  expect(card.view.plan?.body).toMatchObject({ runbook: null, proposal: { cause: 0 } })
  expect(card.view.plan?.body.actions[0]?.tool).toBe('kubernetes.rollout_restart')
  expect((await until(ended)).view.approval?.because).toBe('it has not earned running by itself (level manual)')
})

test('an incident that ends takes what is being looked into with it', async () => {
  const { until, closed, cluster, db } = await begin({ at: () => ({ fault: 'hang' }) })
  await until(({ investigations: [one] }) => one?.status === 'running')
  cluster.heal('shop/cart')
  await closed()
  await until(() => local?.open() === 0)
  expect(await db.sql`select status from investigations`).toEqual([{ status: 'withdrawn' }])
})
