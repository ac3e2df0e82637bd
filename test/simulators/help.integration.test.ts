import { execFile } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { ROOT } from '../docs/files.ts'

const run = promisify(execFile)
const simulators = readdirSync(join(ROOT, 'test/simulators'), { recursive: true, encoding: 'utf8' })
  .filter((path) => /^\w+\/main\.ts$/.test(path))
  .map((path) => `test/simulators/${path}`)

const start = (file: string, flag: string) => run(process.execPath, [file, flag], { cwd: ROOT })

test.each([...simulators, 'test/demo/main.ts'])('%s prints its usage for --help, and starts nothing', async (file) => {
  const { stdout, stderr } = await start(file, '--help')
  expect(stdout).toMatch(/^Usage: .*\[--\w+.*\n$/)
  expect(stderr).toBe('')
})

test.each(['test/simulators/kubernetes/main.ts', 'test/demo/main.ts'])(
  '%s says which option it does not know, and what there is',
  async (file) => {
    const failed = await start(file, '--nothing').catch((error: { stderr: string }) => error)
    expect(failed.stderr).toMatch(/^Unknown option '--nothing'.*\nUsage: .*\n$/)
  },
)
