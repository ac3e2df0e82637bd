import { expect, test } from 'vitest'
import type { JsonObject } from '../../src/domain/json.ts'
import type { Runbook } from '../../src/domain/runbook.ts'
import { type NamedDeps, runNamed } from '../../src/investigation/named.ts'
import type { NamedRequest } from '../../src/investigation/named-request.ts'
import type { Investigator, Looking, Question } from '../../src/investigation/port.ts'
import type { Report } from '../../src/investigation/report.ts'

const REQUEST: NamedRequest = {
  name: 'overview',
  runbook: undefined,
  question: undefined,
  clusters: ['lab', 'edge'],
  minutes: 1,
  sideBySide: false,
  labels: {},
}

const CLUSTERS = [
  { name: 'lab', servers: ['kubernetes', 'talos'] },
  { name: 'edge', servers: ['kubernetes'] },
]

/** Two servers with clusters, one without; every look is kept with what it was asked. */
function hands(answer: (tool: string, args: JsonObject) => Promise<void> | undefined = () => undefined) {
  const looks: string[] = []
  const withCluster = { type: 'object', properties: { cluster: { enum: ['lab', 'edge'] } }, required: ['cluster'] }
  const plain = { type: 'object', properties: {} }
  const looking: Looking = {
    tools: async () => [
      { name: 'kubernetes.cluster_overview', description: '', parameters: withCluster },
      { name: 'kubernetes.describe', description: '', parameters: withCluster },
      { name: 'talos.cluster_overview', description: '', parameters: plain },
      { name: 'prometheus.alerts', description: '', parameters: plain },
    ],
    async look(tool, args) {
      looks.push(`${tool} ${JSON.stringify(args)}`)
      await answer(tool, args)
      return { ok: true, summary: `${tool} is well`, result: { tool, containers: [{ last_reason: 'OOMKilled' }] } }
    },
  }
  return { looking, looks }
}

function depsOf(looking: Looking, more: Partial<NamedDeps> = {}): NamedDeps {
  return { looking, clusters: CLUSTERS, runbooks: new Map(), investigatorFor: undefined, now: Date.now, ...more }
}

const REPORT: Report = {
  ending: 'concluded',
  conclusion: { finding: 'not_a_problem', summary: 'All is well.', causes: [], claims: [], next: '' },
  evidence: [{ id: 'e1', source: 'alert', text: 'lab' }],
  unsupported: 0,
  looks: 1,
  refused: [],
  models: [],
  degraded: [],
  tokens: 1,
  microUsd: 1,
}

const RUNBOOK = {
  id: 'pod-oom-killed',
  title: 'App keeps running out of memory',
  prose: 'Raise it.',
  inputs: [{ name: 'pod', from: 'alert.labels.pod', format: 'dns-name' }],
  checks: [
    {
      id: 'oom',
      tool: 'kubernetes.describe',
      // biome-ignore lint/suspicious/noTemplateCurlyInString: a runbook's own template
      args: { name: '${inputs.pod}' },
      required: true,
      shows: 'it was killed',
      expect: 'result.containers.exists(c, c.last_reason == "OOMKilled")',
    },
    { id: 'sound', tool: 'kubernetes.cluster_overview', args: {}, required: false, expect: 'result.sound' },
  ],
} as unknown as Runbook
const SHELF = new Map([[RUNBOOK.id, RUNBOOK]])

test('without a model it looks at each cluster with that cluster’s tools, and says that no model was used', async () => {
  const { looking, looks } = hands()
  const named = await runNamed(depsOf(looking), REQUEST)
  expect(looks).toEqual([
    'kubernetes.cluster_overview {"cluster":"lab"}',
    'talos.cluster_overview {}',
    'prometheus.alerts {"state":"firing"}',
    'kubernetes.cluster_overview {"cluster":"edge"}',
    'prometheus.alerts {"state":"firing"}',
  ])
  expect(named).toMatchObject({ partial: false, modelUsed: false, title: 'A look at everything' })
  expect(named.clusters.map(({ cluster, state, evidence }) => [cluster, state, evidence.length])).toEqual([
    ['lab', 'done', 3],
    ['edge', 'done', 2],
  ])
})

test('the checks of a runbook are made with the labels that were given; one that lacks an input is not run, and says which', async () => {
  const { looking, looks } = hands()
  const request = { ...REQUEST, clusters: ['edge'], runbook: RUNBOOK.id }
  const blind = await runNamed(depsOf(looking, { runbooks: SHELF }), request)
  expect(blind.clusters[0]?.checks).toEqual([
    { id: 'oom', shows: 'it was killed', came: 'not run', because: 'The alert has no label `pod`.' },
    { id: 'sound', shows: null, came: 'does not hold', because: expect.stringMatching(/sound/) },
  ])
  const seeing = await runNamed(depsOf(looking, { runbooks: SHELF }), { ...request, labels: { pod: 'web-1' } })
  expect(seeing.clusters[0]?.checks[0]).toMatchObject({ came: 'holds' })
  expect(looks.filter((look) => look.startsWith('kubernetes.describe'))).toEqual([
    'kubernetes.describe {"name":"web-1","cluster":"edge"}',
  ])
  // The overview is looked at once, though a check wants it too.
  expect(looks.filter((look) => look.includes('cluster_overview'))).toHaveLength(2)
})

test('a model is told what was seen, and can look at no other cluster', async () => {
  const { looking, looks } = hands()
  const asked: Question[] = []
  const investigatorFor = (bound: Looking): Investigator => ({
    async investigate(question) {
      asked.push(question)
      expect(JSON.stringify(await bound.tools())).not.toContain('"cluster"')
      await bound.look('kubernetes.describe', { name: 'cart', cluster: 'edge' }, { deadlineMs: 100 })
      const other = await bound.look('nobody.has_it', {}, { deadlineMs: 100 })
      expect(other).toEqual({ ok: false, message: 'nobody.has_it is not there for lab.' })
      return REPORT
    },
  })
  const request = { ...REQUEST, clusters: ['lab'], question: 'Is it slow?' }
  const named = await runNamed(depsOf(looking, { investigatorFor }), request)
  expect(named).toMatchObject({
    modelUsed: true,
    partial: false,
    clusters: [{ report: REPORT, evidence: REPORT.evidence }],
  })
  expect(asked[0]).toMatchObject({
    incident: null,
    labels: { cluster: 'lab' },
    annotations: { question: 'Is it slow?' },
  })
  expect(asked[0]?.known.map(({ source }) => source)).toContain('tool kubernetes.cluster_overview {}')
  expect(looks.at(-1)).toBe('kubernetes.describe {"name":"cart","cluster":"lab"}')
})

test('at its deadline it ends with what it saw, whatever a tool or a model does', async () => {
  const { looking } = hands((tool) => (tool.startsWith('talos') ? new Promise(() => {}) : undefined))
  const soon = { ...REQUEST, minutes: 0.01, sideBySide: true }
  const slowModel: Investigator = { investigate: () => new Promise(() => {}) }
  const named = await runNamed(depsOf(looking, { investigatorFor: () => slowModel }), soon)
  expect(named.partial).toBe(true)
  expect(named.endedAt - named.startedAt).toBeLessThan(2_000)
  expect(named.clusters.map(({ cluster, state, evidence }) => [cluster, state, evidence.length])).toEqual([
    ['lab', 'partial', 1],
    ['edge', 'partial', 2],
  ])
})

test('clusters that are taken in turn share the time; one that leaves none is told', async () => {
  const { looking } = hands()
  let at = 0
  // Each look at the clock is 25 seconds later.
  const now = () => {
    at += 25_000
    return at
  }
  const named = await runNamed(depsOf(looking, { now }), REQUEST)
  expect(named.clusters.map(({ state }) => state)).toContain('not_reached')
  expect(named.partial).toBe(true)
})

test('side by side, one cluster does not wait for another', async () => {
  const begun: string[] = []
  let both: () => void = () => {}
  const meeting = new Promise<void>((resolve) => {
    both = resolve
  })
  const { looking } = hands((tool, args) => {
    if (tool !== 'kubernetes.cluster_overview') return undefined
    begun.push(String(args.cluster))
    if (begun.length === 2) both()
    return meeting
  })
  const named = await runNamed(depsOf(looking), { ...REQUEST, sideBySide: true })
  expect(begun.sort()).toEqual(['edge', 'lab'])
  expect(named.partial).toBe(false)
})

test('nobody wanting it any more, it ends', async () => {
  const { looking, looks } = hands()
  const named = await runNamed(depsOf(looking), REQUEST, { signal: AbortSignal.abort() })
  expect(looks).toEqual([])
  expect(named.clusters.every(({ state }) => state === 'not_reached')).toBe(true)
})
