import { expect, test } from 'vitest'
import type { JsonObject } from '../../src/domain/json.ts'
import { recordedTools } from '../../src/evaluation/recorded-tools.ts'
import type { RecordedLook } from '../../src/evaluation/scenario.ts'
import { readOnlyTools } from '../../src/investigation/read-only-tools.ts'

const look = (tool: string, args: JsonObject, said: string, free: string[] = []): RecordedLook => ({
  tool,
  args,
  free,
  answer: { result: { said }, summary: said },
})

const DESCRIBE = {
  name: 'kubernetes.describe',
  contract: 'x',
  definition: {
    name: 'describe',
    inputSchema: { type: 'object', properties: { name: {}, limit: { type: 'integer', default: 50 } } },
    _meta: { 'watchkeeper/effect': 'read' },
  },
}

const { toolbox, asked, declared } = recordedTools(
  [
    look('kubernetes.describe', { name: 'cart' }, 'cart'),
    look('kubernetes.describe', { name: 'shop' }, 'shop', ['tail']),
    look('holmes.logs', { pod: '*', namespace: 'a' }, 'any pod of a'),
    look('holmes.logs', { pod: 'x', namespace: 'a' }, 'pod x of a'),
    { tool: 'holmes.broken', args: {}, free: [], answer: { error: 'no such resource' } },
  ],
  [DESCRIBE],
)

const call = async (tool: string, args: JsonObject) => {
  const answer = await toolbox.call(tool, args, { deadlineMs: 1_000 })
  return answer.ok ? answer.summary : `${answer.code}: ${answer.message}`
}

test('what was recorded is answered, with its defaults said or left out', async () => {
  expect(await call('kubernetes.describe', { name: 'cart' })).toBe('cart')
  expect(await call('kubernetes.describe', { name: 'cart', limit: 50 })).toBe('cart')
  expect(await call('kubernetes.describe', { name: 'shop', tail: 5 })).toBe('shop')
  expect(await call('holmes.logs', { namespace: 'a', pod: 'x', filter: null })).toBe('pod x of a')
  expect(await call('holmes.logs', { namespace: 'a', pod: 'y' })).toBe('any pod of a')
  expect(await call('holmes.broken', {})).toBe('recorded: no such resource')
})

test.each<[string, string, JsonObject]>([
  ['another name', 'kubernetes.describe', { name: 'card' }],
  ['no arguments', 'kubernetes.describe', {}],
  ['one argument too many', 'kubernetes.describe', { name: 'cart', namespace: 'shop' }],
  ['another value of a default', 'kubernetes.describe', { name: 'cart', limit: 10 }],
  ['an argument that is free elsewhere', 'kubernetes.describe', { name: 'cart', tail: 5 }],
  ['another namespace beside a wildcard', 'holmes.logs', { namespace: 'b', pod: 'x' }],
  ['a wildcard that is left out', 'holmes.logs', { namespace: 'a' }],
  ['another tool', 'kubernetes.logs', { name: 'cart' }],
])('%s is not found, and never what a neighbour said', async (_, tool, args) => {
  expect(await call(tool, args)).toMatch(/^not_found: /)
  expect(asked.at(-1)).toEqual({ tool, args, found: false })
})

test('tools of recordings alone only read, and take what they were recorded with', async () => {
  expect(declared.get('holmes.logs')).toBe('read')
  const tools = await readOnlyTools(toolbox, { declared }).tools()
  expect(tools.map(({ name }) => name)).toEqual(['kubernetes.describe', 'holmes.logs', 'holmes.broken'])
  expect(tools[1]?.parameters).toMatchObject({ properties: { namespace: {}, pod: {} }, additionalProperties: false })
})
