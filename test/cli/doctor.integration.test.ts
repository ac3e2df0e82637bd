import { execFile } from 'node:child_process'
import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { fakeAlertmanager } from '../ingest/fake-alertmanager.ts'
import { startAlertmanager } from '../simulators/alertmanager/server.ts'
import { type SimulatedCluster, startKubernetes } from '../simulators/kubernetes/cluster.ts'
import { startOllama } from '../simulators/ollama/server.ts'
import { type PrometheusSimulator, startPrometheus } from '../simulators/prometheus/server.ts'
import { type SimulatedProxmox, startProxmox } from '../simulators/proxmox/cluster.ts'
import { startQdrant } from '../simulators/qdrant/server.ts'
import { type SimulatedTalos, startTalos } from '../simulators/talos/cluster.ts'

const launcher = fileURLToPath(new URL('../../bin/watchkeeper.mjs', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'watchkeeper-doctor-'))
let kubernetes: SimulatedCluster
let proxmox: SimulatedProxmox
let talos: SimulatedTalos
let prometheus: PrometheusSimulator

beforeAll(async () => {
  ;[kubernetes, proxmox, talos, prometheus] = await Promise.all([
    startKubernetes(),
    startProxmox(),
    startTalos(),
    startPrometheus({ token: 'let-me-in' }),
  ])
})
afterAll(() => Promise.all([kubernetes.stop(), proxmox.stop(), talos.stop(), prometheus.stop()]))

function file(name: string, text: string): string {
  const path = join(folder, name)
  writeFileSync(path, text, { mode: 0o600 })
  return path
}

function proxmoxConfig(url: string): string {
  const { id: token_id, secret: token_secret } = proxmox.token('reader')
  const main = { url, ca_file: file('ca.pem', proxmox.certificate), reader: { token_id, token_secret } }
  return JSON.stringify({ clusters: { main } })
}

interface Ended {
  code: number
  /** The line of one part, its state first. */
  line(part: string): string | undefined
}

function doctor(env: Record<string, string>): Promise<Ended> {
  return new Promise((resolve) => {
    const own = { PATH: process.env.PATH ?? '', DATA_DIR: join(folder, 'data'), ...env }
    execFile(process.execPath, [launcher, 'doctor'], { env: own, cwd: folder }, (error, stdout) => {
      const found = [...stdout.matchAll(/^ {2}\S (\S+) +(\S+ +.*)$/gm)]
      const lines = new Map(found.map(([, part, rest = '']) => [part, rest.replaceAll(/ +/g, ' ')]))
      resolve({ code: Number(error?.code ?? 0), line: (part) => lines.get(part) })
    })
  })
}

test('without their configuration, each of our servers is missing, with what to set', async () => {
  const { line } = await doctor({})
  expect(line('kubernetes')).toBe('missing No tools for it. Set KUBECONFIG, or name the server in MCP_SERVERS_FILE.')
  expect(line('proxmox')).toBe('missing No tools for it. Set PROXMOX_CONFIG, or name the server in MCP_SERVERS_FILE.')
  expect(line('talos')).toBe('missing No tools for it. Set TALOSCONFIG, or name the server in MCP_SERVERS_FILE.')
  expect(line('prometheus')).toMatch(/^missing No tools for it\. Set PROMETHEUS_URL/)
  expect(line('knowledge')).toMatch(/^missing No tools for it\. Set KNOWLEDGE_TOKEN/)
})

test('with it each is real, and its cluster answers', async () => {
  const { line } = await doctor({
    KUBECONFIG: file('kubeconfig', kubernetes.kubeconfig('reader')),
    PROXMOX_CONFIG: file('proxmox.json', proxmoxConfig(proxmox.url)),
    TALOSCONFIG: file('talosconfig', talos.talosconfig('reader')),
    PROMETHEUS_URL: prometheus.url,
    PROMETHEUS_TOKEN_FILE: file('prometheus-token', 'let-me-in'),
    KNOWLEDGE_TOKEN: 'a-token-of-sixteen-or-more',
  })
  expect(line('kubernetes')).toMatch(/^real \d+ tools by MCP\. \S+ answers\.$/)
  expect(line('proxmox')).toMatch(/^real \d+ tools by MCP\. main answers\.$/)
  expect(line('talos')).toMatch(/^real \d+ tools by MCP\. homelab answers\./)
  expect(line('prometheus')).toBe('real 5 tools by MCP. prometheus answers.')
  // It asks an agent, and none runs beside the doctor here: nothing is wrong with that.
  expect(line('knowledge')).toBe('real 4 tools by MCP.')
})

test('a cluster that does not answer is broken, though its server is there', async () => {
  const { code, line } = await doctor({
    PROXMOX_CONFIG: file('nowhere.json', proxmoxConfig('https://127.0.0.1:1')),
    TALOSCONFIG: file('nowhere', talos.talosconfig('reader', { endpoints: ['127.0.0.1:1'] })),
    PROMETHEUS_URL: prometheus.url,
  })
  expect(code).toBe(1)
  expect(line('prometheus')).toMatch(/^broken 5 tools by MCP\. prometheus does not answer\. .*PROMETHEUS_TOKEN/)
  expect(line('proxmox')).toMatch(/^broken \d+ tools by MCP\. main does not answer\. .*cannot be reached/)
  expect(line('talos')).toMatch(/^broken \d+ tools by MCP\. homelab does not answer\. /)
})

test('a configuration that cannot be used is told in the words of its server', async () => {
  const { code, line } = await doctor({
    PROXMOX_CONFIG: file('empty.json', '{}'),
    TALOSCONFIG: file('broken', 'contexts: ['),
  })
  expect(code).toBe(1)
  expect(line('proxmox')).toMatch(/^broken PROXMOX_CONFIG: clusters: /)
  expect(line('talos')).toMatch(/^broken TALOSCONFIG: ".*\/broken" cannot be read \(not a talosconfig\)\.$/)
})

test('Alertmanager, the index and the embedder are asked: what is wrong with each says what to change', async () => {
  const [alertmanager, refusing, qdrant, ollama] = await Promise.all([
    startAlertmanager(),
    fakeAlertmanager(),
    startQdrant({ apiKey: 'a-key-for-qdrant' }),
    startOllama({ models: ['nomic-embed-text:latest'] }),
  ])
  const env = { ALERTMANAGER_URL: alertmanager.url, QDRANT_URL: qdrant.url, OLLAMA_HOST: ollama.url }
  const well = await doctor({
    ...env,
    ALERTMANAGER_RECEIVER: 'watch.*',
    QDRANT_API_KEY: 'a-key-for-qdrant',
  })
  expect(well.line('alertmanager')).toBe('real Asked each 60 s for what webhooks missed.')
  expect(well.line('index')).toMatch(/^real Qdrant from QDRANT_URL\./)
  expect(well.line('embedding')).toBe('real nomic-embed-text by Ollama.')

  refusing.answers((response) => response.writeHead(401).end())
  const refused = await doctor({
    ...env,
    ALERTMANAGER_URL: refusing.url,
    ALERTMANAGER_TOKEN: 'another',
    QDRANT_API_KEY: 'another',
    EMBEDDING_MODEL: 'other-embed',
  })
  expect(refusing.calls).toMatchObject([{ authorization: 'Bearer another' }])
  expect(refused.code).toBe(1)
  expect(refused.line('alertmanager')).toMatch(/^broken Alertmanager refuses our credentials\. Set ALERTMANAGER_TOKEN/)
  expect(refused.line('index')).toMatch(/^broken Qdrant refused the key\. Set QDRANT_API_KEY/)
  expect(refused.line('embedding')).toBe('missing Ollama answers without it. Run: ollama pull other-embed')

  const other = await doctor({ ...env, ALERTMANAGER_RECEIVER: 'watch', QDRANT_URL: ollama.url })
  expect(other.line('alertmanager')).toMatch(/^broken No receiver of Alertmanager is called what ALERTMANAGER_RECEIVER/)
  expect(other.line('index')).toMatch(/^broken Qdrant answered 404\. Check QDRANT_URL/)

  await Promise.all([alertmanager.stop(), refusing.stop(), qdrant.stop(), ollama.stop()])
  const away = await doctor(env)
  expect(away.line('alertmanager')).toMatch(/^broken Alertmanager cannot be reached\. Check ALERTMANAGER_URL\./)
  expect(away.line('index')).toMatch(/^broken Qdrant cannot be reached at QDRANT_URL\./)
  expect(away.line('embedding')).toMatch(/^broken Ollama in OLLAMA_HOST: it cannot be reached\./)
}, 120_000)

test('models: what is missing says what to set, one that is not pulled how to get it, one that is away is broken', async () => {
  const without = await doctor({})
  expect(without.line('ollama')).toBe('missing Nothing is looked into at home. Set OLLAMA_HOST.')
  expect(without.line('claude')).toMatch(/^missing No model in the cloud is asked\. Set ANTHROPIC_API_KEY/)
  const ollama = await startOllama()
  const key = { ANTHROPIC_API_KEY: 'a-key-for-tests' }
  const there = await doctor({ OLLAMA_HOST: ollama.url, OLLAMA_MODEL: 'qwen3:8b', MODEL_MODE: 'local_only', ...key })
  expect(there.line('ollama')).toBe('real qwen3:8b by Ollama, in the mode local_only.')
  expect(there.line('claude')).toMatch(/^real claude-sonnet-5-5, in the mode local_only\./)
  const other = await doctor({ OLLAMA_HOST: ollama.url, OLLAMA_MODEL: 'other:1b' })
  expect(other.line('ollama')).toBe('missing Ollama answers without it. Run: ollama pull other:1b')
  await ollama.stop()
  const away = await doctor({ OLLAMA_HOST: ollama.url, OLLAMA_MODEL: 'qwen3:8b' })
  expect(away.line('ollama')).toMatch(/^broken Ollama in OLLAMA_HOST: it cannot be reached\./)
  expect(away.code).toBe(1)
}, 60_000)
