import { dirname, join, matchesGlob } from 'node:path'
import { beforeAll, expect, test } from 'vitest'
import { filesIn, fromRoot, ROOT, read } from './files.ts'

interface Import {
  file: string
  line: number
  /** As it is written: `./cards.ts`, `node:fs`, `hono/html`. */
  of: string
}

let imports: Import[]
let page: string

beforeAll(async () => {
  page = await read('docs/architecture.md')
  const files = [...(await filesIn('src', '.ts')), ...(await filesIn('mcp-servers', '.ts'))]
  const ours = files.filter((file) => file.startsWith('src/') || /^mcp-servers\/[^/]+\/src\//.test(file))
  imports = (await Promise.all(ours.map(async (file) => importsOf(file, await read(file))))).flat()
})

test('there are imports to look at, and rules to hold them to', () => {
  expect(imports.length).toBeGreaterThan(500)
  expect(tableAfter('| package | only in |').size).toBeGreaterThan(15)
})

test('vendors are imported only where the page allows it', () => {
  const allowed = tableAfter('| package | only in |')
  const astray = imports.flatMap(({ file, line, of }) => {
    const name = packageOf(of)
    if (name === undefined) return []
    const places = allowed.get(name)
    if (places?.some((place) => file === place || matchesGlob(file, place))) return []
    return [`${file}:${line} imports ${name}, which ${places ? `is for ${places.join(', ')}` : 'no file may import'}`]
  })
  expect(astray).toEqual([])
})

test('every place on the page is there and does import its package', () => {
  const allowed = tableAfter('| package | only in |')
  const idle = [...allowed].flatMap(([name, places]) =>
    places
      .filter((place) => !imports.some(({ file, of }) => packageOf(of) === name && matchesGlob(file, place)))
      .map((place) => `${place} does not import ${name}`),
  )
  expect(idle).toEqual([])
})

test('rooms import only downward', () => {
  const allowed = tableAfter('| room | may import |')
  const upward = imports.flatMap(({ file, line, of }) => {
    const from = roomOf(file)
    const to = of.startsWith('.') ? roomOf(fromRoot(join(ROOT, dirname(file), of))) : undefined
    if (from === undefined || from === 'above' || to === undefined || from === to) return []
    return allowed.get(from)?.includes(to) ? [] : [`${file}:${line} imports ${of}: ${from} may not import ${to}`]
  })
  expect(upward).toEqual([])
})

test('every room has its line on the page, and no room is above one it is below', async () => {
  const allowed = tableAfter('| room | may import |')
  const rooms = new Set(
    (await filesIn('src', '.ts')).map(roomOf).filter((room) => room !== undefined && room !== 'above'),
  )
  expect([...allowed.keys()].sort()).toEqual([...rooms].sort())
  for (const room of allowed.keys()) expect(below(allowed, room), `${room} is below itself`).not.toContain(room)
})

test('domain is without vendors, input and output', () => {
  const foreign = imports.filter(({ file, of }) => file.startsWith('src/domain/') && !of.startsWith('.'))
  expect(new Set(foreign.map(({ of }) => of))).toEqual(new Set(['node:crypto', 'canonicalize']))
})

test('the agent and the servers share a protocol and no code', () => {
  const shared = imports.filter(({ file, of }) => {
    const target = of.startsWith('.') ? fromRoot(join(ROOT, dirname(file), of)) : of
    return file.startsWith('src/')
      ? target.startsWith('mcp-servers/') || target.startsWith('@watchkeeper/')
      : target.startsWith('src/') || target.startsWith('../')
  })
  expect(shared).toEqual([])
})

test('the MCP SDK is in exactly two files', () => {
  const files = new Set(
    imports.filter(({ of }) => packageOf(of) === '@modelcontextprotocol/sdk').map(({ file }) => file),
  )
  expect([...files].sort()).toEqual(['mcp-servers/shared/src/serve.ts', 'src/tools/mcp-toolbox.ts'])
})

function importsOf(file: string, text: string): Import[] {
  const found = text.matchAll(
    /^(?:import|export)\b[^'"`;]*?from\s+'([^']+)'|^import\s+'([^']+)'|\bimport\('([^']+)'\)/gm,
  )
  return [...found].map((match) => ({
    file,
    line: text.slice(0, match.index).split('\n').length,
    of: match[1] ?? match[2] ?? match[3] ?? '',
  }))
}

/** Node's own modules are everybody's but for two: one is experimental, one starts programs. So is zod, for what things look like. */
function packageOf(of: string): string | undefined {
  if (of.startsWith('.') || of.startsWith('@watchkeeper/') || of === 'zod') return undefined
  if (of.startsWith('node:')) return ['node:sqlite', 'node:child_process'].includes(of) ? of : undefined
  return of
    .split('/')
    .slice(0, of.startsWith('@') ? 2 : 1)
    .join('/')
}

/** Files directly in src and the command line stand above the rooms. */
function roomOf(file: string): string | undefined {
  const [src, room, ...rest] = file.split('/')
  if (src !== 'src' || room === undefined) return undefined
  if (room === 'config.ts') return 'config'
  return rest.length === 0 || room === 'cli' ? 'above' : room
}

function below(allowed: ReadonlyMap<string, readonly string[]>, room: string): Set<string> {
  const found = new Set<string>()
  const look = (name: string) => {
    for (const next of allowed.get(name) ?? []) {
      if (found.has(next)) continue
      found.add(next)
      look(next)
    }
  }
  look(room)
  return found
}

/** The rows of a table on the page: what stands in backticks in the first column, and in the second. */
function tableAfter(head: string): Map<string, string[]> {
  const all = page.split('\n')
  const at = all.findIndex((line) => line.replace(/ +/g, ' ') === head)
  const lines = all.slice(at + 2)
  const rows = lines.slice(
    0,
    lines.findIndex((line) => !line.startsWith('|')),
  )
  const names = (text: string) => [...text.matchAll(/`([^`]+)`/g)].map((match) => match[1] ?? '')
  return new Map(
    rows.map((row) => {
      const [, first = '', second = ''] = row.split('|')
      return [names(first)[0] ?? '', names(second)]
    }),
  )
}
