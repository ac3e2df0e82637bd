import { execFile } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type SimulatedCluster, startKubernetes } from '../simulators/kubernetes/cluster.ts'
import { inOrder } from '../simulators/model-faults.ts'
import { type SimulatedOllama, startOllama } from '../simulators/ollama/server.ts'

const launcher = fileURLToPath(new URL('../../bin/watchkeeper.mjs', import.meta.url))
const scenarios = fileURLToPath(new URL('../eval/scenarios', import.meta.url))
const runbooks = fileURLToPath(new URL('../../runbooks', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'watchkeeper-investigate-'))
let kubernetes: SimulatedCluster
let ollama: SimulatedOllama

beforeAll(async () => {
  ;[kubernetes, ollama] = await Promise.all([startKubernetes(), startOllama()])
})
afterAll(async () => {
  await Promise.all([kubernetes.stop(), ollama.stop()])
  rmSync(folder, { recursive: true, force: true })
})

interface Ended {
  code: number
  stdout: string
  stderr: string
}

function run(args: string[], env: Record<string, string> = {}): Promise<Ended> {
  const own = { PATH: process.env.PATH ?? '', DATA_DIR: join(folder, 'data'), RUNBOOKS_DIR: runbooks, ...env }
  return new Promise((resolve) => {
    execFile(process.execPath, [launcher, ...args], { env: own, cwd: folder }, (error, stdout, stderr) => {
      resolve({ code: Number(error?.code ?? 0), stdout, stderr })
    })
  })
}

function withCluster(): Record<string, string> {
  const path = join(folder, 'kubeconfig')
  writeFileSync(path, kubernetes.kubeconfig('reader'), { mode: 0o600 })
  return { KUBECONFIG: path }
}

test('clusters are looked at without a model, and the report lies in the folder', async () => {
  const { code, stdout, stderr } = await run(['investigate', '2m'], withCluster())
  expect(stderr).toMatch(/Looking: kubernetes\.cluster_overview[\s\S]*The report is /)
  expect(code).toBe(0)
  expect(stdout).toMatch(/^# A look at everything\n\n.*of 2 min/)
  expect(stdout).toContain('No model was used')
  expect(stdout).toContain('tool kubernetes.cluster\\_overview')
  const [report] = readdirSync(join(folder, 'data', 'reports'))
  expect(readFileSync(join(folder, 'data', 'reports', report ?? ''), 'utf8')).toBe(stdout)
})

test('with a model its conclusion stands in the report, and its evidence', async () => {
  const args = { finding: 'no_data', summary: 'Nothing that was seen says.', causes: [], claims: [], next: '' }
  ollama.script(inOrder({ tool: 'conclude', args }))
  const { code, stdout } = await run(['investigate', '--minutes', '2', '--question', 'Is it slow?'], {
    ...withCluster(),
    OLLAMA_HOST: ollama.url,
  })
  expect(code).toBe(0)
  expect(stdout).toContain('**What could be seen does not say.** Nothing that was seen says.')
  expect(stdout).toContain('Asked: Is it slow?')
})

test('a request that names what is not there is a sentence', async () => {
  const { code, stderr } = await run(['investigate', 'pod-oom-kiled'], withCluster())
  expect(code).toBe(1)
  expect(stderr).toContain('Did you mean `pod-oom-killed`?')
  const nothing = await run(['investigate'])
  expect(nothing.code).toBe(1)
  expect(nothing.stderr).toContain('No cluster answers')
})

test('requests that lie in the folder are carried out; a bad one stays beside its reason', async () => {
  const requests = join(folder, 'data', 'requests')
  mkdirSync(requests, { recursive: true })
  writeFileSync(join(requests, 'good.yaml'), 'name: sunday\nminutes: 2\n')
  writeFileSync(join(requests, 'bad.yaml'), 'minutes: soon\n')
  const { code, stdout, stderr } = await run(['investigate', '--pending'], withCluster())
  expect(code).toBe(1)
  expect(stdout).toContain('# sunday')
  expect(stderr).toContain('bad.yaml: minutes:')
  expect(readdirSync(requests).sort()).toEqual(['bad.yaml.rejected', 'bad.yaml.rejected.reason', 'good.yaml.done'])
})

test('eval prints its figures, and ends with 1 where a scripted scenario fails', async () => {
  const mine = join(folder, 'scenarios')
  cpSync(join(scenarios, 'already-recovered'), join(mine, 'already-recovered'), { recursive: true })
  const args = ['eval', '--scenarios', mine, '--json']
  const passed = await run(args)
  expect(passed.code).toBe(0)
  expect(JSON.parse(passed.stdout)).toMatchObject({
    scenarios: 1,
    passed: 1,
    unsupported_claims: 0,
    tool_calls: 2,
    escalated: 0,
    cost_usd: 0,
  })
  const path = join(mine, 'already-recovered', 'scenario.yaml')
  writeFileSync(path, readFileSync(path, 'utf8').replace('action: none', 'action: pod-crash-looping'))
  const failed = await run(args)
  expect(failed.code).toBe(1)
  expect(JSON.parse(failed.stdout)).toMatchObject({
    passed: 0,
    by_scenario: { 'already-recovered': { passed: false } },
  })
  expect(failed.stderr).toContain('The action would be none, and right is pod-crash-looping.')
})

test('eval of the configured models asks them, and where there is none says what to set', async () => {
  const mine = join(folder, 'one')
  cpSync(join(scenarios, 'already-recovered'), join(mine, 'already-recovered'), { recursive: true })
  const args = ['eval', '--scenarios', mine, '--models', 'env', '--json']
  expect(await run(args)).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('Set OLLAMA_HOST or ANTHROPIC_API_KEY'),
  })
  const conclusion = { finding: 'no_data', summary: 'I do not know.', causes: [], claims: [], next: '' }
  ollama.script(inOrder({ tool: 'conclude', args: conclusion }))
  const measured = await run(args, { OLLAMA_HOST: ollama.url })
  // A model that is wrong is a figure and no failure.
  expect(measured.code).toBe(0)
  expect(JSON.parse(measured.stdout)).toMatchObject({
    scenarios: 1,
    passed: 0,
    by_scenario: { 'already-recovered': { finding: 'no_data' } },
  })
})
