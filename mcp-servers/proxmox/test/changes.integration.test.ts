import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type SimulatedProxmox, startProxmox } from '../../../test/simulators/proxmox/cluster.ts'
import { type ChangeCase, changeCases } from './changes.ts'
import { type Started, startServer } from './start-server.ts'

let cluster: SimulatedProxmox
let serial = 300

beforeAll(async () => {
  cluster = await startProxmox({ taskMs: 15, secondMs: 2 })
})
afterAll(() => cluster.stop())

/** A guest of its own for each test, as the case wants it. */
function guestFor(tool: string): ChangeCase & { id: number } {
  serial += 1
  const id = serial
  const found = changeCases(id).find((one) => one.tool === tool)
  if (!found) throw new Error(`no case for ${tool}`)
  cluster.addGuest({ id, ...found.guest })
  return { ...found, id }
}

const changesOf = (id: number) =>
  cluster.changes().filter(({ call, params }) => call.includes(`/${id}/`) || params.vmid === String(id)).length

const tools = changeCases(1).map(({ tool }) => tool)

describe.each(['stdio', 'http'] as const)('over %s', (transport) => {
  let server: Started
  beforeAll(async () => {
    server = await startServer(cluster, transport)
  })
  afterAll(() => server.stop())

  /** Takes the snapshot a case wants, through the server itself. */
  async function prepare(tool: string): Promise<ChangeCase & { id: number; before: number }> {
    const found = guestFor(tool)
    if (found.snapshot) {
      const args = { guest: found.id, name: found.snapshot, dry_run: false }
      expect(await server.call('snapshot_create', args, server.granted('snapshot_create', args))).not.toHaveProperty(
        'isError',
      )
    }
    return { ...found, before: changesOf(found.id) }
  }

  test.each(tools)('%s: dry run, refused without a grant, run with one, refused the second time', async (tool) => {
    const { id, args, done, diff, before } = await prepare(tool)
    const dry = (await server.call(tool, args)).structuredContent
    expect(dry).toMatchObject({
      dry_run: true,
      effect: null,
      diff: expect.arrayContaining([expect.objectContaining(diff)]),
    })
    const real = { ...args, dry_run: false, precondition: dry.precondition }
    const refused = await server.call(tool, real)
    expect(refused).toMatchObject({ isError: true, structuredContent: { error: { code: 'grant_missing' } } })
    expect([changesOf(id), done(cluster)]).toEqual([before, false])
    const grant = server.granted(tool, real)
    const ran = (await server.call(tool, real, grant)).structuredContent
    expect(ran).toMatchObject({ dry_run: false, effect: expect.any(String), diff: dry.diff })
    expect([changesOf(id), done(cluster)]).toEqual([before + 1, true])
    const again = await server.call(tool, real, grant)
    expect(again.structuredContent).toMatchObject({ error: { code: 'grant_replayed' } })
    expect(changesOf(id)).toBe(before + 1)
  })

  test.each(tools)('%s: the probe tells done from not done after a cut connection', async (tool) => {
    const { id, args, done, before, request } = await prepare(tool)
    const dry = (await server.call(tool, args)).structuredContent
    const real = { ...args, dry_run: false, precondition: dry.precondition }
    const effect = crypto.randomUUID()
    const probe = async () =>
      (await server.call('probe_effect', { tool, arguments: real, effect })).structuredContent.state
    expect(await probe()).toBe('not_done')

    // Swallowed: the request never arrives, and the grant runs out.
    cluster.hang({ match: request })
    const iat = Date.now()
    const short = server.signer.grant({ tool, arguments: real, audience: server.audience, effect, iat, exp: iat + 400 })
    const cut = await server.call(tool, real, { 'watchkeeper/grant': short })
    expect(cut.structuredContent).toMatchObject({ error: { code: 'timeout', retryable: true } })
    expect(await probe()).toBe('not_done')
    expect(changesOf(id)).toBe(before)

    // Carried out, and the connection cut before the answer. A task is found again; what has none is left to the probe.
    cluster.dropAnswer({ match: request })
    const answer = await server.call(tool, real, server.granted(tool, real, effect))
    if (tool === 'guest_config_set') expect(answer.structuredContent).toMatchObject({ error: { code: 'unreachable' } })
    else expect(answer.structuredContent).toMatchObject({ dry_run: false, task: expect.stringContaining('UPID:') })
    expect(await probe()).toBe('done')
    expect([changesOf(id), done(cluster)]).toEqual([before + 1, true])
  })
})

describe('another process, which knows nothing of the change', () => {
  let first: Started
  let second: Started
  beforeAll(async () => {
    ;[first, second] = await Promise.all([startServer(cluster, 'stdio'), startServer(cluster, 'stdio')])
  })
  afterAll(() => Promise.all([first.stop(), second.stop()]))

  test.each(tools)('can probe %s', async (tool) => {
    const { args, id, snapshot, done } = guestFor(tool)
    if (snapshot) {
      const wanted = { guest: id, name: snapshot, dry_run: false }
      await first.call('snapshot_create', wanted, first.granted('snapshot_create', wanted))
    }
    const { precondition } = (await first.call(tool, args)).structuredContent
    const real = { ...args, dry_run: false, precondition }
    const effect = crypto.randomUUID()
    const probe = async () =>
      (await second.call('probe_effect', { tool, arguments: real, effect })).structuredContent.state
    expect(await probe()).toBe('not_done')
    await first.call(tool, real, first.granted(tool, real, effect))
    expect(done(cluster)).toBe(true)
    expect(await probe()).toBe('done')
  })
})
