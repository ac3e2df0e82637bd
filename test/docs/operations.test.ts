import { expect, test } from 'vitest'
import { filesIn, read } from './files.ts'

test('what the page says it says, it says', async () => {
  const code = await words([...(await filesIn('src', '.ts')), ...(await filesIn('mcp-servers', '.ts'))])
  const page = await read('docs/operations.md')
  const complaints = page
    .slice(page.indexOf('## When it complains'))
    .split('\n')
    .flatMap((line) => /^\| `([^`]+)` +\|/.exec(line)?.[1] ?? [])
  expect(complaints.length).toBeGreaterThan(20)
  expect(complaints.filter((complaint) => !code.includes(complaint))).toEqual([])
})

test('the metrics on the page are the metrics there are', async () => {
  const metrics = await read('src/metrics.ts')
  const made = [...metrics.matchAll(/name: '(watchkeeper_[a-z_]+)'/g)].map((match) => match[1])
  const page = await read('docs/operations.md')
  const told = [...page.matchAll(/`(watchkeeper_[a-z_]+)\{/g)].map((match) => match[1])
  expect(told.sort()).toEqual(made.sort())
})

/** What stands in the code, with apostrophes and line breaks within texts evened out. */
async function words(files: readonly string[]): Promise<string> {
  return (await Promise.all(files.map(read))).join('\n').replaceAll('’', "'").replaceAll("\\'", "'")
}
