import { describe, expect, test } from 'vitest'
import { catalogOf } from '../src/catalog.ts'
import type { Tool } from '../src/define-tool.ts'
import { inputSchema } from '../src/json-schema.ts'
import { BOUNDS } from '../src/results.ts'
import { hangingPort } from './hanging-port.ts'
import { testServer } from './test-server.ts'

export type ContractOptions<Port> = {
  /** Arguments with which each tool works against `port`, by tool name; for changing tools without `dry_run`. */
  samples: Readonly<Record<string, Record<string, unknown>>>
  /** A platform on which the samples work. */
  port: () => Port
  /** A platform with far more of everything, and longer, than an answer may hold. */
  flooded?: () => Port
  /** Properties of the port that are no calls (its name). */
  fields?: Partial<Port>
  /** `tool.argument` of every text that may be anything, because it goes into no path or command (an encoded query, a search). */
  freeText?: readonly string[]
  /** Bytes of JSON that `tools/list` may take at most: what every client's model has to read. */
  listBytes?: number
}

type JsonSchema = {
  type?: unknown
  additionalProperties?: unknown
  properties?: Record<string, JsonSchema>
  items?: JsonSchema
}

/** What every tool of every server must hold to; call it once in a server's tests. */
export function toolContract<Port extends object>(tools: readonly Tool<Port>[], options: ContractOptions<Port>): void {
  const { samples, port, flooded, fields, freeText = [], listBytes = 36_000 } = options
  const catalog = catalogOf(tools, ['one'], false)

  describe.each([...catalog.values()].map(({ tool, published }) => ({ name: tool.name, tool, published })))(
    '$name',
    ({ name, tool, published }) => {
      test('is described, and refuses unknown arguments by its schema', () => {
        expect(published.title.length).toBeGreaterThan(3)
        expect(published.description.length).toBeGreaterThan(30)
        expect(published.description.length).toBeLessThan(600)
        const passedOn =
          name === 'probe_effect' ? ['arguments'] : 'precondition' in tool.input.shape ? ['precondition'] : []
        expect(openObjects(published.inputSchema)).toEqual(passedOn)
        expect(published.outputSchema.properties).toHaveProperty('summary')
        expect(published.outputSchema.properties).toHaveProperty('error')
      })

      test('publishes one effect, and hints that agree with it', () => {
        const { annotations, _meta } = published
        expect(annotations.readOnlyHint).toBe(_meta['watchkeeper/effect'] === 'read')
        expect(annotations.destructiveHint).toBe(_meta['watchkeeper/effect'] === 'destructive')
        expect(_meta['watchkeeper/undoable'] === null).toBe(annotations.readOnlyHint)
        expect(tool.change === undefined).toBe(annotations.readOnlyHint)
      })
    },
  )

  const reads = tools.filter((tool) => !tool.change)
  const changing = tools.filter((tool) => tool.change)
  const sampleOf = (name: string) => {
    const sample = samples[name]
    if (!sample) throw new Error(`The contract has no sample arguments for ${name}.`)
    return sample
  }
  const real = ({ name, change }: Tool<Port>) =>
    change?.dryRun ? { ...sampleOf(name), dry_run: false } : sampleOf(name)

  test.each(reads.map(({ name }) => name))('%s answers its sample within bounds and schema', async (name) => {
    for (const make of flooded ? [port, flooded] : [port]) {
      const server = await testServer(tools, { one: make() })
      const answer = await server.call(name, sampleOf(name))
      expect(answer.structuredContent).not.toHaveProperty('error')
      expect(Buffer.byteLength(JSON.stringify(answer.structuredContent))).toBeLessThanOrEqual(BOUNDS.bytes)
      expect(answer.content).toEqual([{ type: 'text', text: answer.structuredContent.summary }])
      const { items, total, truncated } = answer.structuredContent
      if (Array.isArray(items) && truncated === false && typeof total === 'number')
        expect(total).toBeGreaterThanOrEqual(items.length)
    }
  })

  test.each(changing.map(({ name }) => name))('%s rehearses without a grant, by default where it can', async (name) => {
    const tool = tools.find((other) => other.name === name)
    const server = await testServer(tools, { one: port() })
    const answer = await server.call(name, sampleOf(name))
    if (tool?.change?.dryRun) expect(answer.structuredContent).toMatchObject({ dry_run: true, effect: null })
    else expect(answer.structuredContent).toMatchObject({ error: { code: 'grant_missing' } })
  })

  test.each(changing.map((tool) => ({ name: tool.name, tool })))(
    '$name is refused without a grant, runs once with it, and is audited',
    async ({ name, tool }) => {
      const server = await testServer(tools, { one: port() })
      const args = real(tool)
      expect(await server.call(name, args)).toMatchObject({
        isError: true,
        structuredContent: { error: { code: 'grant_missing' } },
      })
      const grant = server.signer.grant({ tool: name, arguments: args, audience: server.audience })
      expect((await server.call(name, args, { grant })).structuredContent).not.toHaveProperty('error')
      expect((await server.call(name, args, { grant })).structuredContent).toMatchObject({
        error: { code: 'grant_replayed' },
      })
      const audited = server.lines().filter((line) => line.audit === 'change')
      expect(audited.map(({ tool, outcome }) => [tool, outcome])).toEqual([
        [name, 'refused'],
        [name, 'done'],
        [name, 'refused'],
      ])
    },
  )

  test.each(changing.map((tool) => ({ name: tool.name, tool })))(
    '$name is told apart by its probe',
    async ({ name, tool }) => {
      const server = await testServer(tools, { one: port() })
      const args = real(tool)
      const effect = crypto.randomUUID()
      const probe = async () =>
        (await server.call('probe_effect', { tool: name, arguments: args, effect })).structuredContent.state
      expect(await probe()).toBe('not_done')
      await server.call(name, args, { grant: true, effect })
      expect(await probe()).toBe('done')
    },
  )

  test.each(tools.map((tool) => ({ name: tool.name, tool })))(
    '$name stops its vendor call when it is cancelled and when the server stops',
    async ({ name, tool }) => {
      for (const how of ['cancel', 'stop'] as const) {
        const { port: slow, called, aborted } = hangingPort<Port>(fields)
        const server = await testServer(tools, { one: slow })
        const client = new AbortController()
        const args = real(tool)
        const options = { signal: client.signal, ...(tool.change ? { grant: true as const } : {}) }
        const call = server.call(name, args, options).catch(() => 'cancelled')
        await called
        if (how === 'cancel') client.abort()
        else await server.stop()
        await aborted
        await call
      }
    },
  )

  test.each(tools.map((tool) => ({ name: tool.name, tool })))(
    'A8: $name refuses names that are flags, commands, paths or several lines, and asks the platform nothing',
    async ({ name, tool }) => {
      const asked: string[] = []
      const silent = new Proxy((fields ?? {}) as Port, {
        get: (target, call) => Reflect.get(target, call) ?? (() => asked.push(String(call))),
      })
      const server = await testServer(tools, { one: silent })
      for (const argument of textsOf(tool).filter((one) => !freeText.includes(`${name}.${one}`)))
        for (const hostile of HOSTILE) {
          const answer = await server.call(name, { ...sampleOf(name), [argument]: hostile })
          const { error } = answer.structuredContent as { error?: { code: string } }
          expect({ argument, hostile, code: error?.code }).toEqual({ argument, hostile, code: 'invalid' })
        }
      expect(asked).toEqual([])
    },
  )

  test('what is free text is named as the tools name it', () => {
    const texts = tools.flatMap((tool) => textsOf(tool).map((argument) => `${tool.name}.${argument}`))
    expect(freeText.filter((one) => !texts.includes(one))).toEqual([])
  })

  test('the list of tools is small enough to be read', () => {
    const list = { tools: [...catalog.values()].map(({ published }) => published) }
    expect(Buffer.byteLength(JSON.stringify(list))).toBeLessThanOrEqual(listBytes)
  })

  test('a read-only server has none of the changing tools and no probe', () => {
    expect([...catalogOf(tools, ['one'], true).keys()]).toEqual(reads.map(({ name }) => name))
  })
}

const HOSTILE = [
  '--server=https://evil.example',
  '-o',
  '$(id)',
  '`id`',
  ';id',
  '../../etc/passwd',
  'a/../../b',
  'cart\nX-Evil: 1',
  'cart\u0000',
  'cart?watch=1#x',
  'cart%2f..%2fsecrets',
  "cart' or '1'='1",
  '\u202ecart',
  '',
]

/** The arguments of a tool that are texts of any value: no choices, no fixed format. */
function textsOf<Port>({ input }: Tool<Port>): string[] {
  const { properties = {} } = inputSchema(input)
  return Object.entries(properties).flatMap(([name, schema]) => {
    const { type, enum: choices } = schema as { type?: string; enum?: unknown }
    return type === 'string' && choices === undefined ? [name] : []
  })
}

/** The paths of objects in a schema that take properties they do not name. */
function openObjects(schema: JsonSchema, path = ''): string[] {
  const inner = Object.entries(schema.properties ?? {}).flatMap(([name, value]) =>
    openObjects(value, path ? `${path}.${name}` : name),
  )
  return schema.type === 'object' && schema.additionalProperties !== false ? [path, ...inner] : inner
}
