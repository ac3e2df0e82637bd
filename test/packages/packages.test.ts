import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { OWN_SERVERS } from '../../src/tools/rules.ts'
import { ROOT, read } from '../docs/files.ts'

const manifestOf = async (server: string) => JSON.parse(await read(`mcp-servers/${server}/package.json`))

test.each(OWN_SERVERS)('%s: a package can be installed by itself', async (server) => {
  const { bin, files, scripts, dependencies, license } = await manifestOf(server)
  expect(bin).toEqual({ [`watchkeeper-mcp-${server}`]: 'bin/main.mjs' })
  expect(files).toEqual(expect.arrayContaining(['bin', 'dist']))
  expect(scripts.prepack).toBe('node ../shared/bundle.ts')
  expect(license).toBe('MIT')
  // The kit is private: it is inside the bundle, and nobody could install it.
  expect(Object.keys(dependencies).filter((name) => name.startsWith('@watchkeeper/'))).toEqual([])
  for (const version of Object.values(dependencies)) expect(version).toMatch(/^\d+\.\d+\.\d+$/)
})

test('all start and are put into an image in the same way', async () => {
  const same = async (file: string) =>
    new Set(
      await Promise.all(
        OWN_SERVERS.map(async (name) => (await read(`mcp-servers/${name}/${file}`)).replaceAll(name, 'NAME')),
      ),
    )
  expect((await same('bin/main.mjs')).size).toBe(1)
  const [dockerfile = '', ...others] = await same('Dockerfile')
  expect(others).toEqual([])
  expect(dockerfile).toMatch(/^USER 65532:65532$/m)
  expect(dockerfile).toMatch(/^HEALTHCHECK /m)
  const { devDependencies } = JSON.parse(await read('package.json'))
  expect([...dockerfile.matchAll(/^FROM node:([\d.]+)-/gm)].map(([, version]) => version)).toEqual([
    devDependencies.node,
    devDependencies.node,
  ])
})

test.each(OWN_SERVERS)('%s says on an old Node which one it needs', (server) => {
  const old = "Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '20.20.2' } })"
  const args = ['--import', `data:text/javascript,${encodeURIComponent(old)}`, '--no-experimental-strip-types']
  const main = join(ROOT, 'mcp-servers', server, 'bin/main.mjs')
  const { status, stderr } = spawnSync(process.execPath, [...args, main], { encoding: 'utf8' })
  expect(stderr).toMatch(/^This MCP server needs Node 22\.19 or newer, and this is 20\.20\.2\. .*\n$/)
  expect(status).toBe(2)
})

test.each(OWN_SERVERS)(
  '%s: its page starts what is here, and hands its token to no package that anybody could publish',
  async (server) => {
    const { name } = await manifestOf(server)
    const page = await read(`mcp-servers/${server}/README.md`)
    expect(page).not.toContain(name)
    expect(page).toContain(`node mcp-servers/${server}/bin/main.mjs`)
    expect(page).toContain(`"args": ["mcp-servers/${server}/bin/main.mjs"`)
    expect(page).not.toContain('src/main.ts')
    expect(page).toContain('Node 22.19')
  },
)
