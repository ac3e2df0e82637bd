import { type ChildProcess, spawn } from 'node:child_process'
import { generateKeyPairSync } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type GrantSigner, grantSigner } from '../../src/tools/grants.ts'
import type { ServerEntry } from '../../src/tools/mcp-servers.ts'
import { mcpToolbox } from '../../src/tools/mcp-toolbox.ts'
import type { Permit, Toolbox } from '../../src/tools/toolbox.ts'
import { type SimulatedCluster, startKubernetes } from '../simulators/kubernetes/cluster.ts'

const MAIN = fileURLToPath(new URL('../../mcp-servers/kubernetes/src/main.ts', import.meta.url))
const TOKEN = 'a-bearer-token-for-this-test'
const restart = { namespace: 'shop', workload: 'deployment/cart', dry_run: false }
const permit: Permit = {
  plan: 'wk1:00',
  effect: '0192d3a4-5b6c-4d7e-8f90-a1b2c3d4e5f6',
  approver: 'person:alice',
  ttlMs: 15_000,
}

let cluster: SimulatedCluster
let folder: string
let signer: GrantSigner
let env: Record<string, string>
const open: Toolbox[] = []
const children: ChildProcess[] = []

beforeAll(async () => {
  cluster = await startKubernetes({ rolloutMs: 20, backOffMs: 60_000 })
  cluster.addWorkload({ namespace: 'shop', name: 'cart' })
  folder = await mkdtemp(join(tmpdir(), 'watchkeeper-toolbox-'))
  signer = grantSigner(generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }).toString())
  await writeFile(join(folder, 'reader'), cluster.kubeconfig('reader'))
  await writeFile(join(folder, 'operator'), cluster.kubeconfig('operator'))
  env = { KUBECONFIG: join(folder, 'reader'), KUBECONFIG_OPERATOR: join(folder, 'operator') }
})
afterAll(async () => {
  await Promise.all(open.map((toolbox) => toolbox.close()))
  for (const child of children) child.kill('SIGKILL')
  await cluster.stop()
  await rm(folder, { recursive: true, force: true })
})

function toolboxOf(
  servers: Parameters<typeof mcpToolbox>[0]['servers'],
  check: () => Promise<string | undefined> = async () => undefined,
  by = signer,
): Toolbox {
  const toolbox = mcpToolbox({
    servers,
    signer: by,
    clock: Date.now,
    log: { warn() {}, info() {} },
    pins: { check },
    env: {},
  })
  open.push(toolbox)
  return toolbox
}
const stdio = () => ({ command: process.execPath, args: [MAIN], env })

test('tools are named by their server, found by that name, and nothing else is called', async () => {
  const toolbox = toolboxOf(new Map([['kubernetes', stdio()]]))
  const names = (await toolbox.tools()).map(({ name }) => name)
  expect(names).toContain('kubernetes.scale')
  expect(names.every((name) => name.startsWith('kubernetes.'))).toBe(true)
  expect((await toolbox.find('kubernetes.scale'))?.contract).toMatch(/^[0-9a-f]{64}$/)
  expect(await toolbox.find('kubernetes.exec')).toBeUndefined()
  expect(await toolbox.find('scale')).toBeUndefined()
  for (const [tool, message] of [
    ['proxmox.guest_stop', 'There are no tools for proxmox here: set PROXMOX_CONFIG.'],
    ['proxmox.guests', 'There are no tools for proxmox here: set PROXMOX_CONFIG.'],
    ['notes.find', 'There are no tools for notes here: name the server in MCP_SERVERS_FILE.'],
  ] as const)
    expect(await toolbox.call(tool, {}, { deadlineMs: 1_000 })).toMatchObject({
      ok: false,
      code: 'not_found',
      message,
      uncertain: false,
    })
  expect(toolbox.status()).toEqual([{ server: 'kubernetes', state: 'ready', because: null, tools: names.length }])
})

test('a change without a permit, for another effect’s arguments or after its time is refused, and nothing is uncertain', async () => {
  const toolbox = toolboxOf(new Map([['kubernetes', stdio()]]))
  const before = cluster.changes().length
  const call = (more: object) => toolbox.call('kubernetes.rollout_restart', restart, { deadlineMs: 5_000, ...more })
  expect(await call({})).toMatchObject({ ok: false, code: 'grant_missing', uncertain: false })
  expect(await call({ permit: { ...permit, ttlMs: 121_000 } })).toMatchObject({ ok: false, code: 'grant_invalid' })
  expect(await call({ permit: { ...permit, ttlMs: -1 } })).toMatchObject({ ok: false })
  expect(cluster.changes()).toHaveLength(before)
  expect(await call({ permit })).toMatchObject({ ok: true })
  expect(cluster.changes()).toHaveLength(before + 1)
})

test('a server that answers too late is uncertain; one that is not there is not', async () => {
  const toolbox = toolboxOf(
    new Map([
      ['kubernetes', stdio()],
      ['gone', { command: '/nowhere/at/all', args: [], env: {} }],
    ]),
  )
  await toolbox.tools()
  cluster.hang({ match: /^PATCH .*deployments\/cart/ })
  const late = await toolbox.call('kubernetes.rollout_restart', restart, {
    deadlineMs: 400,
    permit: { ...permit, ttlMs: 400 },
  })
  expect(late).toMatchObject({ ok: false, uncertain: true })
  const gone = await toolbox.call('gone.anything', {}, { deadlineMs: 400 })
  expect(gone).toMatchObject({ ok: false, code: 'unreachable', uncertain: false })
  expect(toolbox.status().find(({ server }) => server === 'gone')).toMatchObject({ state: 'unreachable', tools: 0 })
})

test('a server that does not run is told with its address but no key in it, the cause, and what to do', async () => {
  const origin = `http://127.0.0.1:${await freePort()}`
  const toolbox = toolboxOf(new Map([['kubernetes', { url: `${origin}/key-in-path/mcp?token=secret`, headers: {} }]]))
  expect(await toolbox.tools()).toEqual([])
  expect(toolbox.status()).toMatchObject([
    {
      state: 'unreachable',
      because: `nothing can be sent to ${origin} (ECONNREFUSED). Look whether it runs, or correct its "url" in the file of MCP servers.`,
    },
  ])
})

test('A20: a server that is set aside offers nothing and is asked nothing, and says why', async () => {
  const because = 'its tools have changed since they were accepted'
  const toolbox = toolboxOf(new Map([['kubernetes', stdio()]]), async () => because)
  expect(await toolbox.tools()).toEqual([])
  expect(await toolbox.call('kubernetes.list', { kind: 'Pod' }, { deadlineMs: 5_000 })).toMatchObject({
    ok: false,
    code: 'set_aside',
    message: `The kubernetes server cannot be used: ${because}`,
  })
  expect(toolbox.status()).toMatchObject([{ state: 'set_aside', because }])
})

test('A20: two servers with the same tools stay apart: a name is called where it is configured', async () => {
  const toolbox = toolboxOf(
    new Map<string, ServerEntry>([
      ['imitation', { ...stdio(), declared: new Map([['list', 'read']]) }],
      ['kubernetes', stdio()],
    ]),
  )
  const names = (await toolbox.tools()).map(({ name }) => name)
  expect(new Set(names).size).toBe(names.length)
  expect(names.filter((name) => name.startsWith('imitation.'))).toEqual(['imitation.list'])
  expect(await toolbox.call('imitation.rollout_restart', restart, { deadlineMs: 5_000, permit })).toMatchObject({
    ok: false,
    code: 'refused',
  })
  expect(await toolbox.call('kubernetes.rollout_restart', restart, { deadlineMs: 5_000, permit })).toMatchObject({
    ok: true,
  })
})

test('A23: over HTTP the first call after a restart is answered, with a grant for the server as it is now', async () => {
  const port = await freePort()
  const first = await serve(port)
  const audiences: string[] = []
  const spied: GrantSigner = {
    ...signer,
    grant(call) {
      audiences.push(call.audience)
      return signer.grant(call)
    },
  }
  const toolbox = toolboxOf(new Map([['kubernetes', overHttp(port)]]), undefined, spied)
  const look = () => toolbox.call('kubernetes.list', { kind: 'Pod', namespace: 'shop' }, { deadlineMs: 5_000 })
  const change = () => toolbox.call('kubernetes.rollout_restart', restart, { deadlineMs: 5_000, permit })
  expect(await change()).toMatchObject({ ok: true })

  await ended(first)
  expect(await look()).toMatchObject({ ok: false, code: 'unreachable', message: expect.stringMatching(/\(E\w+\)$/) })

  const second = await serve(port)
  expect(await Promise.all([look(), look(), look()])).toMatchObject([{ ok: true }, { ok: true }, { ok: true }])

  await ended(second)
  await serve(port)
  const before = cluster.changes().length
  expect(await change()).toMatchObject({ ok: true })
  expect(cluster.changes()).toHaveLength(before + 1)
  // Before the first restart, for the session that was no longer known, and for the one that was opened instead.
  expect(audiences).toHaveLength(3)
  expect(new Set(audiences).size).toBe(3)
})

test('A23: a grant for the server as it was before its restart is refused by the one it is now', async () => {
  const port = await freePort()
  const first = await serve(port)
  const audiences: string[] = []
  const late: GrantSigner = {
    ...signer,
    grant(call) {
      audiences.push(call.audience)
      return signer.grant({ ...call, audience: audiences[0] ?? call.audience })
    },
  }
  const toolbox = toolboxOf(new Map([['kubernetes', overHttp(port)]]), undefined, late)
  const change = () => toolbox.call('kubernetes.rollout_restart', restart, { deadlineMs: 5_000, permit })
  expect(await change()).toMatchObject({ ok: true })
  await ended(first)
  await serve(port)
  const before = cluster.changes().length
  expect(await change()).toMatchObject({ ok: false, code: 'grant_mismatch', uncertain: false })
  expect(cluster.changes()).toHaveLength(before)
})

function overHttp(port: number): ServerEntry {
  return { url: `http://127.0.0.1:${port}/mcp`, headers: { authorization: `Bearer ${TOKEN}` } }
}

async function serve(port: number): Promise<ChildProcess> {
  const child = spawn(process.execPath, [MAIN, '--http', `127.0.0.1:${port}`], {
    env: { ...process.env, ...env, MCP_TOKEN: TOKEN, WATCHKEEPER_GRANT_PUBLIC_KEY: signer.publicKey },
    stdio: ['pipe', 'ignore', 'ignore'],
  })
  children.push(child)
  for (let tried = 0; tried < 400; tried++) {
    const alive = await fetch(`http://127.0.0.1:${port}/healthz`).then(
      ({ ok }) => ok,
      () => false,
    )
    if (alive) return child
    await wait(25)
  }
  throw new Error('the server did not start')
}

function ended(child: ChildProcess): Promise<void> {
  child.kill('SIGKILL')
  return new Promise((resolve) =>
    child.exitCode === null && child.signalCode === null ? child.once('exit', () => resolve()) : resolve(),
  )
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo
      server.close(() => resolve(port))
    })
  })
}
