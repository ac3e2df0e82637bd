import { execFileSync } from 'node:child_process'
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import type { NamedReport } from '../../src/investigation/named.ts'
import { keepReport } from '../../src/investigation/report-folder.ts'
import type { ReportsRemote } from '../../src/investigation/report-git.ts'
import { finishRequest, sweepRequests, takeRequests } from '../../src/investigation/request-file.ts'
import { carryOut } from '../../src/investigation/run-request.ts'

const KNOWN = { runbooks: ['pod-oom-killed'], clusters: ['lab'], complete: true }
let folder: string

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'watchkeeper-reports-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const request = {
  name: 'overview',
  runbook: undefined,
  question: undefined,
  clusters: ['lab'],
  minutes: 1,
  sideBySide: false,
  labels: {},
}
const NAMED: NamedReport = {
  request,
  title: 'x',
  startedAt: 0,
  endedAt: 0,
  partial: false,
  modelUsed: false,
  clusters: [],
}

function bare(name = 'remote.git'): ReportsRemote {
  const url = join(folder, name)
  execFileSync('git', ['init', '--quiet', '--bare', url])
  return { url, branch: 'main', clone: join(folder, 'clone'), env: process.env }
}

function inRemote({ url, branch }: ReportsRemote): string[] {
  const listed = execFileSync('git', ['--git-dir', url, 'ls-tree', '-r', '--name-only', branch], { encoding: 'utf8' })
  return listed
    .split('\n')
    .filter(Boolean)
    .map((path) => path.replace(/^reports\//, ''))
}

async function takeAll(from: string) {
  const all = []
  for await (const one of takeRequests(from, KNOWN)) all.push(one)
  return all
}

test('requests that lie in the folder are taken once; a bad one is kept beside its reason', async () => {
  const requests = join(folder, 'requests')
  expect(await takeAll(requests)).toEqual([])
  writeFileSync(join(requests, 'a.yaml'), 'clusters: [lab]\n')
  writeFileSync(join(requests, 'b.json'), '{"clusters":["moon"]}')
  writeFileSync(join(requests, 'c.txt'), 'not a request')
  const both = (await Promise.all([takeAll(requests), takeAll(requests)])).flat()
  const taken = both.flatMap((one) => ('taken' in one ? [one.taken] : []))
  expect(taken.map(({ file }) => file)).toEqual(['a.yaml'])
  expect(both.flatMap((one) => ('rejected' in one ? [one.rejected.file] : []))).toEqual(['b.json'])
  expect(readdirSync(requests).sort()).toEqual(['a.yaml.taken', 'b.json.rejected', 'b.json.rejected.reason', 'c.txt'])
  expect(readFileSync(join(requests, 'b.json.rejected.reason'), 'utf8')).toMatch(/^There is no cluster "moon"/)
  for (const one of taken) await finishRequest(one, { done: true })
  expect(readdirSync(requests)).toContain('a.yaml.done')
})

test('a request that could not be carried out is kept beside its reason', async () => {
  writeFileSync(join(folder, 'a.yaml'), '')
  const [one] = await takeAll(folder)
  if (!one || !('taken' in one)) throw new Error('It was not taken.')
  await finishRequest(one.taken, { problem: 'The report cannot be written.' })
  expect(readdirSync(folder).sort()).toEqual(['a.yaml.rejected', 'a.yaml.rejected.reason'])
})

test('a sweep asks for each once; what could not be asked for lies there again', async () => {
  writeFileSync(join(folder, 'a.yaml'), 'name: first\n')
  writeFileSync(join(folder, 'b.yaml'), 'name: second\n')
  const asked: string[] = []
  const rejected: string[] = []
  let down = true
  const sweep = () =>
    sweepRequests({
      folder,
      known: async () => KNOWN,
      onRejected: ({ file }) => rejected.push(file),
      async ask({ name }) {
        if (name === 'first' && down) throw new Error('The database is down.')
        asked.push(name)
      },
    })
  await expect(sweep()).rejects.toThrow(/database is down/)
  expect(readdirSync(folder).sort()).toEqual(['a.yaml', 'b.yaml.done'])
  down = false
  writeFileSync(join(folder, 'c.yaml'), 'x')
  await sweep()
  expect(asked).toEqual(['second', 'first'])
  expect(rejected).toEqual(['c.yaml'])
})

test('a request is taken when its turn comes: what was not reached lies there still', async () => {
  for (const name of ['a', 'b']) writeFileSync(join(folder, `${name}.yaml`), '')
  for await (const one of takeRequests(folder, KNOWN)) {
    expect(one).toMatchObject({ taken: { file: 'a.yaml' } })
    break
  }
  expect(readdirSync(folder).sort()).toEqual(['a.yaml.taken', 'b.yaml'])
})

test('while one is asked for the others lie there; what a dead process left is asked for again, by the same key', async () => {
  for (const name of ['a', 'b']) writeFileSync(join(folder, `${name}.yaml`), '')
  const seen: string[][] = []
  const keys: string[] = []
  const sweep = () =>
    sweepRequests({
      folder,
      known: async () => KNOWN,
      async ask(_, file, key) {
        seen.push(readdirSync(folder).sort())
        keys.push(`${file} ${key}`)
      },
    })
  await sweep()
  expect(seen[0]).toEqual(['a.yaml.asking', 'b.yaml'])
  renameSync(join(folder, 'a.yaml.done'), join(folder, 'a.yaml.asking'))
  await sweep()
  expect(keys).toHaveLength(2)
  const clock = vi.spyOn(Date, 'now').mockReturnValue(Date.now() + 61_000)
  await sweep()
  clock.mockRestore()
  await sweep()
  expect(keys).toHaveLength(3)
  expect(keys[2]).toBe(keys[0])
  expect(new Set(keys).size).toBe(2)
})

test('what is asked for is not asked for again where its file cannot be renamed', async () => {
  writeFileSync(join(folder, 'a.yaml'), '')
  mkdirSync(join(folder, 'a.yaml.done'))
  let asked = 0
  const sweep = () =>
    sweepRequests({
      folder,
      known: async () => KNOWN,
      async ask() {
        asked += 1
      },
    })
  await expect(sweep()).rejects.toThrow()
  await sweep()
  expect(asked).toBe(1)
})

test('while a server is away a request for its clusters waits, and a bad one is rejected all the same', async () => {
  writeFileSync(join(folder, 'all.yaml'), '')
  writeFileSync(join(folder, 'attic.yaml'), 'clusters: [attic]\n')
  writeFileSync(join(folder, 'bad.yaml'), 'minutes: 0\n')
  const rejected: string[] = []
  const waiting: string[] = []
  const asked: string[] = []
  const sweep = (clusters: string[], complete: boolean) =>
    sweepRequests({
      folder,
      known: async () => ({ ...KNOWN, clusters, complete }),
      onRejected: ({ file }) => rejected.push(file),
      onWaiting: (file) => waiting.push(file),
      ask: async (_, file) => void asked.push(file),
    })
  await sweep([], false)
  expect([rejected, waiting, asked]).toEqual([['bad.yaml'], ['all.yaml', 'attic.yaml'], []])
  await sweep(['attic', 'lab'], true)
  expect(asked).toEqual(['all.yaml', 'attic.yaml'])
})

test('reports are pushed, beside what others push meanwhile', async () => {
  const remote = bare()
  const reports = join(folder, 'reports')
  expect((await keepReport(NAMED, '# one\n', { folder: reports, remote })).pushed).toBe(true)
  // Somebody else pushes from another clone.
  const theirs = { folder: join(folder, 'theirs'), remote: { ...remote, clone: join(folder, 'their-clone') } }
  expect((await keepReport(NAMED, '# other\n', theirs)).pushed).toBe(true)
  expect((await keepReport(NAMED, '# two\n', { folder: reports, remote })).pushed).toBe(true)
  expect(inRemote(remote)).toHaveLength(3)
  expect(readdirSync(reports)).toHaveLength(2)
})

test('a report that was made anew replaces its own in the remote, and the same again is no commit', async () => {
  const remote = bare()
  const keep = { folder: join(folder, 'reports'), remote }
  const kept = { id: '3f9c2a71-1', at: 0 }
  for (const text of ['# one\n', '# two\n', '# two\n'])
    expect((await keepReport(NAMED, text, keep, kept)).pushed).toBe(true)
  const [name = ''] = inRemote(remote)
  expect(inRemote(remote)).toEqual(['1970-01-01T000000Z-overview-3f9c2a71.md'])
  const git = (...args: string[]) => execFileSync('git', ['--git-dir', remote.url, ...args], { encoding: 'utf8' })
  expect(git('show', `main:reports/${name}`)).toBe('# two\n')
  expect(git('rev-list', '--count', 'main').trim()).toBe('2')
})

test('several at once push one after the other', async () => {
  const remote = bare()
  const keep = { folder: join(folder, 'reports'), remote }
  const kept = await Promise.all([1, 2, 3].map((n) => keepReport(NAMED, `# ${n}\n`, keep, { id: `${n}`, at: n })))
  expect(kept.map(({ pushed }) => pushed)).toEqual([true, true, true])
  expect(inRemote(remote)).toHaveLength(3)
})

test('what a killed push left locked is pushed all the same', async () => {
  const remote = bare()
  const keep = { folder: join(folder, 'reports'), remote }
  await keepReport(NAMED, '# one\n', keep)
  writeFileSync(join(remote.clone, '.git', 'index.lock'), '')
  writeFileSync(`${remote.clone}.lock`, '')
  utimesSync(`${remote.clone}.lock`, 0, 0)
  expect((await keepReport(NAMED, '# two\n', keep)).pushed).toBe(true)
  expect(inRemote(remote)).toHaveLength(2)
})

test('a clone that another process works in is left alone, and that is told', async () => {
  const remote = { ...bare(), timeoutMs: 20 }
  writeFileSync(`${remote.clone}.lock`, '')
  const { pushed } = await keepReport(NAMED, '# one\n', { folder: join(folder, 'reports'), remote })
  expect(pushed).toEqual({ problem: expect.stringMatching(/^The report waits/) })
})

test('a push that fails is told without the address, loses nothing, and is made up for by the next', async () => {
  const remote = bare()
  const away = { ...remote, url: join(folder, 'token-hunter2-not-there.git') }
  const reports = join(folder, 'reports')
  const failed = await keepReport(NAMED, '# one\n', { folder: reports, remote: away })
  expect(failed.pushed).toEqual({
    problem: expect.stringMatching(/^The report could not be pushed: .*kept in the folder/),
  })
  expect(JSON.stringify(failed.pushed)).not.toContain('hunter2')
  expect(readFileSync(failed.path, 'utf8')).toBe('# one\n')
  expect((await keepReport(NAMED, '# two\n', { folder: reports, remote })).pushed).toBe(true)
  expect(inRemote(remote)).toHaveLength(2)
})

test('a push that is refused after the commit goes along with the next one, even where nothing is new', async () => {
  const remote = bare()
  const reports = join(folder, 'reports')
  const hook = join(remote.url, 'hooks', 'pre-receive')
  writeFileSync(hook, '#!/bin/sh\nexit 1\n', { mode: 0o755 })
  const refused = await keepReport(NAMED, '# one\n', { folder: reports, remote })
  expect(refused.pushed).toMatchObject({ problem: expect.any(String) })
  rmSync(hook)
  expect((await keepReport(NAMED, '# two\n', { folder: reports, remote })).pushed).toBe(true)
  expect(inRemote(remote)).toHaveLength(2)
})

test.each([
  ['an option', '--upload-pack=touch hacked'],
  ['a program', 'ext::sh -c touch% hacked'],
])('a remote that is %s is no way to run anything', async (_, url) => {
  const { pushed } = await keepReport(NAMED, '# one\n', { folder: join(folder, 'reports'), remote: { ...bare(), url } })
  expect(pushed).toMatchObject({ problem: expect.any(String) })
  expect(readdirSync(join(folder, 'clone'))).not.toContain('hacked')
})

test('a report whose secrets could not be looked for is not written', async () => {
  const deps = {
    looking: { tools: async () => [], look: async () => ({ ok: false as const, message: 'x' }) },
    clusters: [{ name: 'lab', servers: [] }],
    runbooks: new Map(),
    investigatorFor: undefined,
    now: Date.now,
    keep: { folder: join(folder, 'reports'), remote: undefined },
  }
  const cut = () => Promise.reject(new Error('It failed.'))
  await expect(carryOut({ ...deps, cut }, request)).rejects.toThrow(/search for secrets in it failed/)
  expect(readdirSync(folder)).toEqual([])
  const kept = await carryOut({ ...deps, cut: async (texts) => [...texts] }, request)
  expect(readFileSync(kept.kept.path, 'utf8')).toBe(kept.markdown)
})
