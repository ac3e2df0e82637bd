import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { assertNodeVersion } from '../src/node-version.ts'

test.each(['22.19.0', 'v22.20.1', '24.0.0', '26.1.0'])('%s is new enough', (version) => {
  expect(() => assertNodeVersion(version)).not.toThrow()
})

test.each(['22.18.9', 'v20.20.0', '18.0.0'])('%s is told what to do', (version) => {
  expect(() => assertNodeVersion(version)).toThrow(/needs Node 22\.19 or newer, and this is .*npm start/)
})

/** A Node before 22 somewhere on the PATH, other than the one this project brings along. */
function findOldNode(): string | undefined {
  const folders = (process.env.PATH ?? '').split(delimiter).filter((folder) => !folder.includes('node_modules'))
  const nodes = folders.map((folder) => join(folder, 'node')).filter((path) => existsSync(path))
  return nodes.find((path) => Number(execFileSync(path, ['-p', 'process.versions.node.split(".")[0]'])) < 22)
}

const old = findOldNode() ?? ''

test.runIf(old)('the program itself says so on a Node that cannot read TypeScript', () => {
  const program = fileURLToPath(new URL('../bin/watchkeeper.mjs', import.meta.url))
  const { status, stderr } = spawnSync(old, [program], { encoding: 'utf8' })
  expect(status).toBe(1)
  expect(stderr).toMatch(/^Watchkeeper needs Node 22\.19 or newer.*\n$/)
})
