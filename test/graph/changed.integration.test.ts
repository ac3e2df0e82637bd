import { afterAll, expect, test } from 'vitest'
import type { JsonObject } from '../../src/domain/json.ts'
import { noteChanged } from '../../src/graph/changed.ts'
import type { GraphDeps } from '../../src/graph/deps.ts'
import { beginning } from '../../src/graph/state.ts'
import { newestAlert } from '../../src/incidents/alert-rows.ts'
import type { ServerStatus, ToolAnswer, Toolbox } from '../../src/tools/toolbox.ts'
import { seedIncident } from '../approvals/seed.ts'
import { testDatabase } from '../support/postgres.ts'

const db = await testDatabase()
afterAll(() => db.close())

type Answer = (tool: string, args: JsonObject) => Promise<ToolAnswer>

/** A toolbox of these servers; it keeps what it was asked. */
function toolboxOf(states: Record<string, ServerStatus['state']>, answer: Answer) {
  const asked: [string, JsonObject][] = []
  const toolbox: Toolbox = {
    tools: async () => [],
    find: async () => undefined,
    async call(tool, args) {
      asked.push([tool, args])
      return await answer(tool, args)
    },
    status: () => Object.entries(states).map(([server, state]) => ({ server, state, because: null, tools: 1 })),
    close: async () => {},
  }
  return { toolbox, asked }
}

const ok = (result: JsonObject): ToolAnswer => ({ ok: true, result, summary: '', tookMs: 1 })

async function note(toolbox: Toolbox) {
  const id = await seedIncident(db.sql)
  await db.sql`update alerts set labels = labels || '{"deployment":"cart"}'::jsonb where incident_id = ${id}`
  await db.sql`update incidents set namespace = 'shop', workload = 'cart' where id = ${id}`
  const deps = { sql: db.sql, toolbox, changes: { minutes: 60 } } as unknown as GraphDeps & {
    changes: { minutes: number }
  }
  const alert = await newestAlert(db.sql, id)
  const begun = performance.now()
  await noteChanged(deps, beginning(id).flow, alert)
  const took = performance.now() - begun
  const [row] = await db.sql<{ ok: boolean; summary: string; result: JsonObject }[]>`
    select ok, summary, result from evidence where incident_id = ${id} and key = 'changed'`
  return { row, took, startsAt: alert.startsAt }
}

test('a rollout before the alert is kept as evidence', async () => {
  let startsAt = Date.now()
  const { toolbox, asked } = toolboxOf({ kubernetes: 'ready' }, async (tool) => {
    if (tool !== 'kubernetes.rollout_history') return ok({ events: [], gitops: null })
    const created = (before: number) => new Date(startsAt - before).toISOString()
    return ok({
      items: [
        { revision: 2, current: true, name: 'b', created: created(120_000), images: ['cart:2'] },
        { revision: 1, current: false, name: 'a', created: created(86_400_000), images: ['cart:1'] },
      ],
    })
  })
  const [seeded] = await db.sql<{ at: Date }[]>`select watch_now() as at`
  startsAt = seeded?.at.getTime() ?? startsAt
  const { row } = await note(toolbox)
  expect(row).toMatchObject({ ok: true, result: { total: 1, items: [{ what: 'cart 1 → 2', note: 'ReplicaSet 2' }] } })
  expect(asked.map(([tool]) => tool).sort()).toEqual(['kubernetes.describe', 'kubernetes.rollout_history'])
})

test('that nothing changed is kept too, for the details', async () => {
  const { toolbox } = toolboxOf({ kubernetes: 'ready' }, async () => ok({ items: [], events: [], gitops: null }))
  expect((await note(toolbox)).row).toMatchObject({ ok: true, summary: 'nothing changed in the 60 min before' })
})

test('servers that hang are waited for less than a second, and what they kept to themselves is said', async () => {
  const hanging = toolboxOf({ kubernetes: 'ready' }, () => new Promise(() => {}))
  const { row, took } = await note(hanging.toolbox)
  expect(took).toBeLessThan(1_400)
  expect(row).toBeUndefined()
  const half = toolboxOf({ kubernetes: 'ready' }, (tool) =>
    tool === 'kubernetes.describe' ? new Promise(() => {}) : Promise.resolve(ok({ items: [] })),
  )
  const partly = await note(half.toolbox)
  expect(partly.took).toBeLessThan(1_400)
  expect(partly.row).toMatchObject({
    ok: false,
    summary: 'nothing changed in the 60 min before; not looked at: kubernetes.describe',
  })
})

test('a server that is still starting, or away, is not asked and holds nothing up', async () => {
  for (const state of ['starting', 'unreachable', 'set_aside'] as const) {
    const { toolbox, asked } = toolboxOf({ kubernetes: state }, () => new Promise(() => {}))
    const { row, took } = await note(toolbox)
    expect(asked).toEqual([])
    expect(row).toBeUndefined()
    expect(took).toBeLessThan(500)
  }
})

test('whatever goes wrong, it does not throw', async () => {
  const { toolbox } = toolboxOf({ kubernetes: 'ready' }, () => Promise.reject(new Error('broken')))
  expect((await note(toolbox)).row).toBeUndefined()
  const strange = {
    ...toolbox,
    status: () => {
      throw new Error('broken')
    },
  }
  expect((await note(strange)).row).toBeUndefined()
})

test('a workload that is not there is no gap', async () => {
  const missing: ToolAnswer = {
    ok: false,
    code: 'not_found',
    message: 'none',
    retryable: false,
    uncertain: false,
    tookMs: 1,
  }
  const { toolbox } = toolboxOf({ kubernetes: 'ready' }, async () => missing)
  expect((await note(toolbox)).row).toBeUndefined()
})
