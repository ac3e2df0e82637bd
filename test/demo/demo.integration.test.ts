import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

const MAIN = fileURLToPath(new URL('main.ts', import.meta.url))

test.each([
  ['node', { approvals: 1, executions: 1 }],
  ['guest', { approvals: 2, executions: 2 }],
])('the scenario %s goes from an alert to a verified fix', async (scenario, counts) => {
  const { code, stdout, stderr } = await demo('--json', '--scenario', scenario)
  const result = JSON.parse(stdout.trim().split('\n').at(-1) ?? '')
  expect(result, stderr).toEqual({
    ...{ alerts: 1, cards: 1, ...counts, outcome: 'fixed', audit: 'ok' },
    seconds: expect.any(Number),
  })
  expect(code).toBe(0)
})

test('with simulated models: a guess that does not hold, the cloud because of it, and an answer to a question', async () => {
  const { code, stdout, stderr } = await demo('--json', '--models', 'sim')
  expect(JSON.parse(stdout.trim().split('\n').at(-1) ?? ''), stderr).toMatchObject({ executions: 1, outcome: 'fixed' })
  expect(stderr).toContain('Cause: It needs more memory than its limit allows')
  expect(stderr).toMatch(/qwen3:8b \(local\), then claude-\S+, because it cited what does not hold · \$0\.\d\d/)
  expect(stderr).not.toContain('The volume is full')
  expect(stderr).toMatch(/Why did radarr keep restarting\?\n.*It was killed for its memory\.\n.*1536Mi now/)
  expect(code).toBe(0)
})

test('models of another kind are refused with those that there are', async () => {
  const { code, stderr } = await demo('--models', 'gpt')
  expect(stderr).toMatch(/^--models takes sim: /)
  expect(code).toBe(1)
})

test('a scenario that is not there ends at once, with those that are', async () => {
  const { code, stdout, stderr } = await demo('--scenario', 'disk')
  expect(stderr.split('\n')).toEqual([
    'There is no scenario "disk". There are workload, node, guest.',
    expect.stringMatching(/^Usage: npm run demo -- /),
    '',
  ])
  expect([code, stdout]).toEqual([1, ''])
})

function demo(...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  return new Promise((resolve) => {
    const child = execFile(process.execPath, [MAIN, ...args], (_error, stdout, stderr) =>
      resolve({ code: child.exitCode ?? -1, stdout, stderr }),
    )
  })
}
