import { expect, test } from 'vitest'
import { parseConfig } from '../src/config.ts'
import { toolsFor } from '../src/define-tool.ts'
import { openToolset } from '../src/toolset.ts'
import { hangingPort } from './hanging-port.ts'
import { testServer } from './test-server.ts'
import { type Lamp, lamp, look, turn } from './toy.ts'

test('unknown arguments are refused, whoever sends them', async () => {
  const server = await testServer([look, turn], { one: lamp().port })
  const answer = await server.call('look', { force: true })
  expect(answer).toMatchObject({ isError: true, structuredContent: { error: { code: 'invalid', retryable: false } } })
  expect(answer.content[0]?.text).toContain('force')
})

test('an unknown tool is an error of the protocol', async () => {
  const server = await testServer([look], { one: lamp().port })
  await expect(server.call('exec', {})).rejects.toThrow('no tool "exec"')
})

test('what a tool answers is cleaned of controls and secrets on its way out', async () => {
  const server = await testServer([look], { one: lamp().port })
  const note = '\u001b[31mred\u001b[0m \u202eevil password=hunter2secret ghp_abcdefghijklmnopqrstuvwxyz0123456789'
  const { structuredContent } = await server.call('look', { note })
  expect(structuredContent.note).toBe('red evil password=[masked] [masked]')
})

test('with several clusters each call may name one, and the first is the default', async () => {
  const [home, cabin] = [lamp('home'), lamp('cabin')]
  const server = await testServer([look, turn], { home: home.port, cabin: cabin.port })
  const { tools } = await server.client.listTools()
  const schema = tools.find(({ name }) => name === 'turn')?.inputSchema
  expect(schema?.properties?.cluster).toMatchObject({ enum: ['home', 'cabin'] })
  expect(schema?.required).not.toContain('cluster')
  await server.call('turn', { cluster: 'cabin', on: true, dry_run: false }, { grant: true })
  await server.call('turn', { on: true, dry_run: false }, { grant: true })
  expect([home.asked, cabin.asked]).toEqual([['set true'], ['set true']])
  const other = await server.call('look', { cluster: 'office' })
  expect(other.structuredContent).toMatchObject({ error: { code: 'invalid' } })
})

test('the probe looks at the cluster the change was sent to', async () => {
  const [home, cabin] = [lamp('home'), lamp('cabin')]
  const server = await testServer([look, turn], { home: home.port, cabin: cabin.port })
  const effect = crypto.randomUUID()
  const args = { cluster: 'cabin', on: true, dry_run: false }
  await server.call('turn', args, { grant: true, effect })
  const probe = (sent: object) => server.call('probe_effect', { tool: 'turn', arguments: { ...sent }, effect })
  expect((await probe(args)).structuredContent.state).toBe('done')
  expect((await probe({ ...args, cluster: 'home' })).structuredContent.state).toBe('not_done')
})

test('a probe that cannot ask the platform answers unknown', async () => {
  const broken: Lamp = { ...lamp().port, read: () => Promise.reject(new Error('no way to the lamp')) }
  const server = await testServer([look, turn], { one: broken })
  const args = { tool: 'turn', arguments: { on: true }, effect: crypto.randomUUID() }
  const { structuredContent } = await server.call('probe_effect', args)
  expect(structuredContent).toMatchObject({ state: 'unknown', because: 'no way to the lamp' })
})

test('what is on the deny list is refused even with a grant, and even as a dry run', async () => {
  for (const deny of ['lamp', 'lamp/hall', 'lamp/hall/ceiling', '*/hall']) {
    const { port, asked } = lamp()
    const server = await testServer([look, turn], { one: port }, { flags: ['--deny', deny] })
    const real = await server.call('turn', { on: true, dry_run: false }, { grant: true })
    expect(real.structuredContent).toMatchObject({ error: { code: 'refused' } })
    expect((await server.call('turn', { on: true })).isError).toBe(true)
    expect(asked).toEqual([])
  }
  const { port } = lamp()
  const server = await testServer([look, turn], { one: port }, { flags: ['--deny', 'lamp/kitchen', 'door'] })
  expect((await server.call('turn', { on: true })).isError).toBeUndefined()
})

test('the audit line has the effect the arguments had, who approved, and no secret', async () => {
  const server = await testServer([look, turn], { one: lamp().port })
  await server.call('turn', { on: false, dry_run: false }, { grant: true })
  expect(server.lines().filter((line) => line.audit)).toMatchObject([
    {
      audit: 'change',
      tool: 'turn',
      effect_class: 'destructive',
      outcome: 'done',
      approver: 'alice',
      arguments: { on: false },
    },
  ])
})

test('a change whose answer is too large to send never reads as one that was refused', async () => {
  const wordy: typeof turn = {
    ...turn,
    async run(args, port, context) {
      const warnings = Array.from({ length: 200 }, () => 'the lamp is hot. '.repeat(60))
      return { ...(await turn.run(args, port, context)), warnings }
    },
  }
  const { port, asked } = lamp()
  const server = await testServer([look, wordy], { one: port })
  const rehearsed = await server.call('turn', { on: true })
  expect(rehearsed.structuredContent).toMatchObject({ error: { code: 'invalid' } })
  const done = await server.call('turn', { on: true, dry_run: false }, { grant: true })
  expect(asked).toEqual(['set true'])
  expect(done.structuredContent).toMatchObject({
    error: { code: 'internal', message: expect.stringContaining('probe') },
  })
  expect(server.lines().filter((line) => line.audit)).toMatchObject([{ outcome: 'done', code: 'internal' }])
})

test('dry runs and reads leave no audit line', async () => {
  const server = await testServer([look, turn], { one: lamp().port })
  await server.call('turn', { on: false })
  await server.call('look', {})
  expect(server.lines().filter((line) => line.audit)).toEqual([])
})

test('a vendor call ends when its grant does, and the answer says to probe', async () => {
  const { port, aborted } = hangingPort<Lamp>({ name: 'one' })
  const server = await testServer([look, turn], { one: port })
  const args = { on: true, dry_run: false }
  const iat = Date.now()
  const grant = server.signer.grant({ tool: 'turn', arguments: args, audience: server.audience, iat, exp: iat + 150 })
  const answer = await server.call('turn', args, { grant })
  await aborted
  expect(answer.structuredContent).toMatchObject({ error: { code: 'timeout', retryable: true } })
  expect(answer.content[0]?.text).toContain('probe')
})

test('progress is told to those who ask', async () => {
  const server = await testServer([look], { one: lamp().port })
  const told: unknown[] = []
  await server.client.callTool({ name: 'look', arguments: {} }, undefined, {
    onprogress: (progress) => told.push(progress),
  })
  expect(told).toEqual([{ progress: 1, total: 2, message: 'looking' }])
})

test('a fault of the server itself says nothing about its inside, and is logged', async () => {
  const broken: Lamp = { ...lamp().port, read: () => Promise.reject(new TypeError('secret detail')) }
  const server = await testServer([look], { one: broken })
  const answer = await server.call('look', {})
  expect(answer.structuredContent).toMatchObject({ error: { code: 'internal' } })
  expect(JSON.stringify(answer)).not.toContain('secret detail')
  expect(JSON.stringify(server.lines())).toContain('secret detail')
})

test("two tools of one name, and a tool that takes the kit's own argument, are faults at start", () => {
  const options = { config: parseConfig([], {}).config, stderr: { write: () => true }, now: Date.now }
  const about = { name: 'x', title: 'x', version: '0', instructions: '', ports: new Map([['one', lamp().port]]) }
  expect(() => openToolset({ ...about, tools: [look, look] }, options)).toThrow('Two tools are named "look"')
  const input = look.input.extend({ cluster: look.input })
  expect(() => toolsFor<Lamp>()({ ...look, effect: 'read', input })).toThrow('cluster')
})
