import { readFile } from 'node:fs/promises'
import { MemorySaver } from '@langchain/langgraph'
import { expect, test } from 'vitest'
import { drawGraph, PAGE, withDrawing } from '../../docs/draw-graph.ts'
import type { GraphDeps } from '../../src/graph/deps.ts'
import { incidentGraph, routes } from '../../src/graph/graph.ts'

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
