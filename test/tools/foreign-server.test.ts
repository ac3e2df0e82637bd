import { expect, test } from 'vitest'
import { hashOf, type JsonObject } from '../../src/domain/json.ts'
import type { EffectClass } from '../../src/domain/plan.ts'
import { foreignServer } from '../../src/tools/foreign-server.ts'
import type { CallOptions } from '../../src/tools/toolbox.ts'

const permit = { plan: 'wk1:00', effect: '0192d3a4-5b6c-4d7e-8f90-a1b2c3d4e5f6', approver: 'alice', ttlMs: 1_000 }
const deadline = { deadlineMs: 1_000 }

/** A server of somebody else with these tools; notes every call that reaches it. */
function notes(
  declared: Record<string, EffectClass>,
  { takes = {} as JsonObject, there = Object.keys(declared) } = {},
) {
  const asked: { tool: string; args: JsonObject; options: CallOptions }[] = []
  const server = foreignServer('notes', new Map(Object.entries(declared)), {
    tools: async () =>
      there.map((tool) => {
        const definition = { name: tool, inputSchema: { type: 'object', properties: takes } }
        return { name: `notes.${tool}`, contract: hashOf(definition), definition }
      }),
    async call(tool, args, options) {
      asked.push({ tool, args, options })
      return { ok: true, result: {}, summary: 'done', tookMs: 1 }
    },
  })
  return { server, asked }
}

test('what is declared to read is called as it is', async () => {
  const { server, asked } = notes({ find: 'read' })
  expect(await server.call('find', { text: 'x' }, deadline)).toMatchObject({ ok: true })
  expect(asked).toEqual([{ tool: 'find', args: { text: 'x' }, options: deadline }])
})

test('A10: what is not declared is never called, permit or not, and the refusal says what to add', async () => {
  const { server, asked } = notes({ find: 'read' }, { there: ['find', 'wipe'] })
  for (const options of [deadline, { ...deadline, permit }])
    expect(await server.call('wipe', {}, options)).toMatchObject({
      ok: false,
      code: 'refused',
      uncertain: false,
      message: expect.stringContaining(
        'add "wipe": "read", "write" or "destructive" under watchkeeper.servers.notes.tools',
      ),
    })
  expect(asked).toEqual([])
})

test.each(['write', 'destructive'] as const)(
  'A10: a tool declared as %s is not called without a permit',
  async (effect) => {
    const { server, asked } = notes({ create: effect })
    for (const args of [{}, { dry_run: false }, { dry_run: 'true' }])
      expect(await server.call('create', args, deadline)).toMatchObject({
        ok: false,
        code: 'refused',
        uncertain: false,
      })
    expect(asked).toEqual([])
  },
)

test('a dry run is answered here: a server that ignores dry_run never sees it', async () => {
  const { server, asked } = notes({ create: 'write' })
  const answer = await server.call('create', { text: 'x', dry_run: true }, { ...deadline, permit })
  expect(answer).toMatchObject({
    ok: true,
    result: {
      dry_run: true,
      undoable: false,
      undo: null,
      precondition: null,
      diff: [],
      target: { cluster: 'notes', kind: 'Tool', namespace: null, name: 'create', uid: null },
      warnings: [expect.stringContaining('nobody can look afterwards')],
    },
  })
  expect(asked).toEqual([])
})

test('with a permit it is called with what was shown, less what only our servers know', async () => {
  const args = { text: 'x', dry_run: false, precondition: { uid: 'u' } }
  const plain = notes({ create: 'write' })
  expect(await plain.server.call('create', args, { ...deadline, permit })).toMatchObject({ ok: true })
  expect(plain.asked.map(({ args: sent }) => sent)).toEqual([{ text: 'x' }])
  const knowing = notes({ create: 'write' }, { takes: { dry_run: { type: 'boolean' } } })
  await knowing.server.call('create', args, { ...deadline, permit })
  expect(knowing.asked.map(({ args: sent }) => sent)).toEqual([{ text: 'x', dry_run: false }])
})

test('whether a call took place is unknown, so that people are asked', async () => {
  const { server, asked } = notes({ create: 'write' })
  expect(
    await server.call('probe_effect', { tool: 'create', arguments: {}, effect: permit.effect }, deadline),
  ).toMatchObject({
    ok: true,
    result: { state: 'unknown', because: expect.stringContaining('cannot say whether create took place') },
  })
  expect(asked).toEqual([])
})

test('a declared tool that the server does not have is not called', async () => {
  const { server, asked } = notes({ create: 'write' }, { there: [] })
  expect(await server.call('create', {}, { ...deadline, permit })).toMatchObject({ ok: false, code: 'not_found' })
  expect(asked).toEqual([])
})

test('a server that is set aside answers with its reason, and nothing is uncertain', async () => {
  const server = foreignServer('notes', new Map([['create', 'write']]), {
    tools: () => Promise.reject(new Error('its tools have changed')),
    call: () => Promise.reject(new Error('never called')),
  })
  expect(await server.call('create', {}, { ...deadline, permit })).toMatchObject({
    ok: false,
    code: 'unreachable',
    uncertain: false,
    message: 'The notes server cannot be used: its tools have changed',
  })
})
