import { readFile } from 'node:fs/promises'
import { MemorySaver } from '@langchain/langgraph'
import { expect, test } from 'vitest'
import { drawGraph, PAGE, withDrawing } from '../../docs/draw-graph.ts'
import type { GraphDeps } from '../../src/graph/deps.ts'
import { incidentGraph, routes } from '../../src/graph/graph.ts'
import { LEASE_BEAT_MS, LEASE_TTL_MS } from '../../src/graph/runner.ts'
import { SWEEP_MS } from '../../src/worker.ts'

test('the architecture page shows the graph as it is', async () => {
  const page = await readFile(PAGE, 'utf8')
  expect(withDrawing(page), 'run: npm run docs').toBe(page)
})

test('the page says of each node what is true after it', async () => {
  const page = await readFile(PAGE, 'utf8')
  for (const name of Object.keys(routes)) expect(page).toMatch(new RegExp(`^\\| \`${name}\` +\\| \\w`, 'm'))
})

test('what is drawn is what the compiled graph runs', async () => {
  const drawable = await incidentGraph(untouched(), new MemorySaver(), (_point, work) => work()).getGraphAsync()
  const compiled = drawable.edges.map(({ source, target }) => `${named(source)} --> ${named(target)}`)
  const drawn = drawGraph()
    .split('\n')
    .filter((line) => line.includes('-->'))
    .map((line) => line.trim().replace('start((alert))', 'start'))
  expect(drawn.sort()).toEqual(compiled.sort())
})

test('the times of leases and sweeps on the page are those of the code', async () => {
  const page = await readFile(PAGE, 'utf8')
  const seconds = (ms: number) => `${ms / 1_000} s`
  expect(page).toContain(`lasts ${seconds(LEASE_TTL_MS)} and is renewed every ${seconds(LEASE_BEAT_MS)}.`)
  expect(page).toContain(`The sweeper wakes every ${SWEEP_MS} ms`)
})

function named(node: string): string {
  return node === '__start__' ? 'start' : node === '__end__' ? 'finish' : node
}

/** Dependencies for a graph that is looked at and never run. */
function untouched(): GraphDeps {
  const refuse = () => {
    throw new Error('a graph that is only drawn asked for something')
  }
  return {
    sql: Object.assign(refuse, {}) as unknown as GraphDeps['sql'],
    queue: {} as GraphDeps['queue'],
    toolbox: {} as GraphDeps['toolbox'],
    announcer: {} as GraphDeps['announcer'],
    runbooks: refuse,
    people: refuse,
    listeningSince: new Date(0),
    rules: { protectedNamespaces: [], protectedNodes: [], ownHost: null, secondPerson: 'required' },
    options: { approvalTtlMs: 1, authorizationTtlMs: 1, verifyScale: 1, grantTtlMs: 1, clockSkewMs: 0 },
  }
}
