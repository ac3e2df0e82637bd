import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync } from 'node:fs'
import { request } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { afterEach, expect, test } from 'vitest'
import { type ProxmoxOptions, type SimulatedProxmox, startProxmox } from './proxmox/cluster.ts'
import { controlOf } from './proxmox/control.ts'

const started: SimulatedProxmox[] = []
afterEach(async () => {
  for (const cluster of started.splice(0)) await cluster.stop()
})

async function start(options: ProxmoxOptions = {}): Promise<SimulatedProxmox> {
  const cluster = await startProxmox({ taskMs: 20, secondMs: 2, ...options })
  started.push(cluster)
  return cluster
}

type Answer = { status: number; reason: string; data: unknown; errors?: Record<string, string> }

/** A plain request: form-encoded for POST and PUT, as a query otherwise. */
async function ask(
  cluster: SimulatedProxmox,
  call: string,
  params: Record<string, string> = {},
  role: 'reader' | 'operator' | 'powerless' = 'operator',
): Promise<Answer> {
  const [method = 'GET', path = '/'] = call.split(' ')
  const { id, secret } = cluster.token(role)
  const form = new URLSearchParams(params).toString()
  const inBody = method === 'POST' || method === 'PUT'
  const url = `${cluster.url}/api2/json${path}${!inBody && form ? `?${form}` : ''}`
  return await new Promise((resolve, reject) => {
    const headers = {
      authorization: `PVEAPIToken=${id}=${secret}`,
      ...(inBody ? { 'content-type': 'application/x-www-form-urlencoded' } : {}),
    }
    const sent = request(url, { method, ca: cluster.certificate, headers }, async (response) => {
      const body = JSON.parse(await text(response))
      resolve({ status: response.statusCode ?? 0, reason: response.statusMessage ?? '', ...body })
    })
    sent.on('error', reject)
    sent.end(inBody ? form : undefined)
  })
}

async function ended(cluster: SimulatedProxmox, upid: unknown): Promise<string | undefined> {
  await cluster.waitUntil(() => cluster.tasks().some((task) => task.upid === upid && task.exit !== undefined))
  return cluster.tasks().find((task) => task.upid === upid)?.exit
}

test('a task takes time, and its work is done at its end', async () => {
  const cluster = await start({ taskMs: 300 })
  const { data: upid } = await ask(cluster, 'POST /nodes/pve1/qemu/101/status/start')
  expect(upid).toMatch(/^UPID:pve1:[0-9A-F]{8}:[0-9A-F]{8}:[0-9A-F]{8}:qmstart:101:watchkeeper@pve!operator:$/)
  const status = `GET /nodes/pve1/tasks/${encodeURIComponent(String(upid))}/status`
  expect((await ask(cluster, status)).data).toMatchObject({ status: 'running' })
  expect(cluster.guest(101).running).toBe(false)
  expect(await ended(cluster, upid)).toBe('OK')
  expect((await ask(cluster, status)).data).toMatchObject({ status: 'stopped', exitstatus: 'OK' })
  expect((await ask(cluster, 'GET /nodes/pve1/qemu/101/status/current')).data).toMatchObject({ status: 'running' })
})

test('tasks warn, fail and vanish when told to', async () => {
  const cluster = await start()
  cluster.nextTask({ match: /^qmstart 101/, how: 'fail', message: 'start failed: no bootdisk' })
  const first = await ask(cluster, 'POST /nodes/pve1/qemu/101/status/start')
  expect(await ended(cluster, first.data)).toBe('start failed: no bootdisk')
  expect(cluster.guest(101).running).toBe(false)
  cluster.nextTask({ match: /^qmstart/, how: 'warn', message: 'no network' })
  expect(await ended(cluster, (await ask(cluster, 'POST /nodes/pve1/qemu/101/status/start')).data)).toBe('WARNINGS: 1')
  cluster.nextTask({ match: /qmreset 100/, how: 'vanish' })
  const { data: gone } = await ask(cluster, 'POST /nodes/pve1/qemu/100/status/reset')
  const status = await ask(cluster, `GET /nodes/pve1/tasks/${encodeURIComponent(String(gone))}/status`)
  expect(status).toMatchObject({ status: 500, reason: 'no such task' })
})

test('errors stand in the reason phrase, and faults of parameters by name', async () => {
  const cluster = await start()
  const power = 'POST /nodes/pve1/qemu/100/status/shutdown'
  expect(await ask(cluster, power, {}, 'powerless')).toMatchObject({
    status: 403,
    reason: 'Permission check failed (/vms/100, VM.PowerMgmt)',
  })
  expect(await ask(cluster, power, { timeout: 'long', now: '1' })).toMatchObject({
    status: 400,
    reason: 'Parameter verification failed.',
    errors: { timeout: expect.stringContaining('type check'), now: expect.stringContaining('not defined') },
  })
  expect(await ask(cluster, 'GET /nodes/pve1/qemu/999/config')).toMatchObject({
    status: 500,
    reason: "Configuration file 'nodes/pve1/qemu-server/999.conf' does not exist",
  })
  expect(await ask(cluster, 'POST /nodes/pve1/qemu/100/agent/exec', { command: 'id' })).toMatchObject({ status: 501 })
  cluster.setNode('pve2', false)
  expect(await ask(cluster, 'GET /nodes/pve2/status')).toMatchObject({ status: 595, reason: 'No route to host' })
})

test('a token that is not known or has another secret is not let in', async () => {
  const cluster = await start()
  const { id } = cluster.token('reader')
  const wrong = { ...cluster, token: () => ({ id, secret: 'x' }) }
  expect(await ask(wrong, 'GET /version')).toMatchObject({ status: 401, reason: 'invalid token value!' })
  const none = { ...cluster, token: () => ({ id: 'eve@pam!x', secret: 'x' }) }
  expect(await ask(none, 'GET /version')).toMatchObject({ status: 401 })
})

test('a guest that hangs runs into the timeout of a shutdown and is mended by a reset', async () => {
  const cluster = await start()
  cluster.hangGuest(100)
  const { data } = await ask(cluster, 'POST /nodes/pve1/qemu/100/status/shutdown', { timeout: '10' })
  expect(await ended(cluster, data)).toContain('got timeout')
  expect(cluster.guest(100)).toMatchObject({ running: true, hung: true })
  await ended(cluster, (await ask(cluster, 'POST /nodes/pve1/qemu/100/status/reset')).data)
  expect(cluster.guest(100)).toMatchObject({ running: true, hung: false })
})

test('it runs as a process of its own, with credentials in files and controls over HTTP', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'pve-'))
  const oracle = join(folder, 'oracle.jsonl')
  const main = join(import.meta.dirname, 'proxmox/main.ts')
  const child = spawn(process.execPath, [main, '--credentials-dir', folder, '--oracle', oracle, '--task-ms', '20'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const exit = new Promise<number | null>((resolve) => child.once('exit', resolve))
  try {
    const line = await new Promise<string>((resolve) => child.stdout.once('data', (chunk) => resolve(String(chunk))))
    const { url, control, files } = JSON.parse(line) as { url: string; control: string; files: Record<string, string> }
    const { clusters } = JSON.parse(readFileSync(files.config ?? '', 'utf8')) as {
      clusters: Record<string, { operator: { token_id: string; token_secret_file: string }; ca_file: string }>
    }
    const own = clusters.homelab
    if (!own) throw new Error('no cluster in the configuration')
    const far = {
      url,
      certificate: readFileSync(own.ca_file, 'utf8'),
      token: () => ({ id: own.operator.token_id, secret: readFileSync(own.operator.token_secret_file, 'utf8') }),
    } as unknown as SimulatedProxmox
    const hands = controlOf(control)
    await hands.addGuest({ id: 300, running: false })
    await hands.nextTask({ match: /^qmstart 300$/, how: 'warn' })
    expect((await ask(far, 'POST /nodes/pve1/qemu/300/status/start')).status).toBe(200)
    await hands.waitUntil(async () => (await hands.guest(300)).running)
    expect((await hands.tasks())[0]).toMatchObject({ type: 'qmstart', exit: 'WARNINGS: 1' })
    expect((await hands.changes()).map(({ call }) => call)).toEqual(['POST /nodes/pve1/qemu/300/status/start'])
    await expect(hands.addGuest({ id: 300 })).rejects.toThrow('there already')
    const calls = readFileSync(oracle, 'utf8')
      .trim()
      .split('\n')
      .map((entry) => JSON.parse(entry))
    expect(calls).toMatchObject([
      {
        simulator: 'proxmox',
        call: 'POST /nodes/pve1/qemu/300/status/start',
        status: 200,
        user: 'watchkeeper@pve!operator',
      },
    ])
  } finally {
    child.kill('SIGTERM')
  }
  expect(await exit).toBe(0)
})
