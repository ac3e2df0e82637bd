import { mkdir, mkdtemp, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { KubeConfig } from '@kubernetes/client-node'
import { afterAll, describe, expect, test } from 'vitest'
import { knowledgeApi } from '../../mcp-servers/knowledge/src/knowledge-api.ts'
import { connect as kubernetes } from '../../mcp-servers/kubernetes/src/kubernetes-connection.ts'
import { prometheusApi } from '../../mcp-servers/prometheus/src/prometheus-api.ts'
import { claudeModel } from '../../src/inference/claude-model.ts'
import { ollamaModel } from '../../src/inference/ollama-model.ts'
import { alertmanagerApi } from '../../src/ingest/alertmanager-api.ts'
import { qdrantIndex } from '../../src/knowledge/index/qdrant-index.ts'
import { ollamaEmbedder } from '../../src/knowledge/retrieval/ollama-embedder.ts'
import { folderSource } from '../../src/knowledge/sources/folder-source.ts'
import { grantSigner, keyFromFolder } from '../../src/tools/grants.ts'
import { openTools } from '../../src/tools/open-tools.ts'
import { startCanary, startRedirector } from '../support/canary.ts'

/** Every client that leaves the process, told to ask an address that sends it elsewhere. Secrets would go along. */
const clients: readonly [string, (url: string) => Promise<unknown>][] = [
  ['Qdrant, searched', (url) => qdrantIndex({ url, apiKey: 'secret' }).search('runbooks', QUERY)],
  ['Qdrant, listed', (url) => qdrantIndex({ url, apiKey: 'secret' }).held('runbooks')],
  ['the embedder', (url) => ollamaEmbedder({ url }).embed(['text'], 'query')],
  ['Ollama', (url) => ollamaModel({ host: url, model: 'm', contextTokens: 8_192 }).ask(CHAT, { deadlineMs: 3_000 })],
  ['Claude', (url) => claudeModel({ apiKey: 'secret', baseUrl: url, model: 'm' }).ask(CHAT, { deadlineMs: 3_000 })],
  ['Alertmanager', (url) => alertmanagerApi({ url, authorization: 'Bearer secret' }).active()],
  ['Prometheus', (url) => prometheusApi({ name: 'p', url, token: 'secret' }).query('up', undefined, soon())],
  ['the knowledge server', (url) => knowledgeApi({ name: 'w', url, token: 'secret' }).runbook('r', soon())],
  ['a Kubernetes API', (url) => kubernetes(kubeConfig(url), 'reader').json({ ...VERSION, signal: soon() })],
  ['an MCP server by HTTP', callMcp],
]

const QUERY = { terms: new Map<string, number>(), name: '', limit: 1 }
const CHAT = { system: '', messages: [{ role: 'user' as const, text: 'x' }], tools: [], maxTokens: 10 }
const VERSION = { method: 'GET' as const, path: '/version', about: 'the version' }
const soon = () => AbortSignal.timeout(3_000)

function kubeConfig(server: string): KubeConfig {
  const config = new KubeConfig()
  config.loadFromOptions({
    clusters: [{ name: 'c', server, skipTLSVerify: true }],
    users: [{ name: 'u', token: 'secret' }],
    contexts: [{ name: 'c', cluster: 'c', user: 'u' }],
    currentContext: 'c',
  })
  return config
}

async function callMcp(url: string): Promise<unknown> {
  const signer = grantSigner(await keyFromFolder(join(await mkdtemp(join(tmpdir(), 'wk-')), 'grant.pem')))
  const entry = { url: `${url}/mcp`, headers: { authorization: 'Bearer secret' } }
  const log = { warn: () => {}, info: () => {} }
  const toolbox = openTools(new Map([['prometheus', entry]]), { signer, log, pins: { check: async () => undefined } })
  const answer = await toolbox.call('prometheus.query', { expression: 'up' }, { deadlineMs: 3_000 })
  await toolbox.close()
  return answer
}

const canary = await startCanary()
afterAll(() => canary.stop())

describe.each([301, 302, 303, 307, 308])('A12: a redirect by %i', (status) => {
  test.each(clients)('is not followed by %s', async (_, ask) => {
    const redirector = await startRedirector(canary.url, status)
    const before = canary.visits.length
    await ask(redirector.url).catch(() => {})
    // It was asked, so there was something to follow.
    expect(redirector.asked.length).toBeGreaterThan(0)
    expect(canary.visits.slice(before)).toEqual([])
    await redirector.stop()
  })
})

test('A12, the control: what follows redirects is seen', async () => {
  const redirector = await startRedirector(canary.url)
  const before = canary.visits.length
  await fetch(`${redirector.url}/latest/meta-data`)
  expect(canary.visits.slice(before)).toContain('GET /latest/meta-data')
  await redirector.stop()
})

test('a Git checkout that points outside itself gives nothing away', async () => {
  const outside = await mkdtemp(join(tmpdir(), 'wk-outside-'))
  await writeFile(join(outside, 'secret'), 'hunter2')
  const folder = join(outside, 'notes')
  await mkdir(join(folder, '.git', 'refs'), { recursive: true })
  await writeFile(join(folder, '.git', 'HEAD'), 'ref: refs/../../../secret\n')
  await writeFile(join(folder, '.git', 'config'), `[remote "origin"]\n  url = ${canary.url}/repo.git\n`)
  await writeFile(join(folder, 'page.md'), `# Page\n\n![x](${canary.url}/pixel.png) [more](${canary.url}/more)\n`)
  const before = canary.visits.length
  const pages = await folderSource(folder).pages()
  expect(pages).toHaveLength(1)
  expect(JSON.stringify(pages)).not.toContain('hunter2')
  expect(canary.visits.slice(before)).toEqual([])
})
