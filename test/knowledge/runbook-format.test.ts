import { readFile } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { FORMATS } from '../../src/knowledge/input-formats.ts'
import { lintRunbook } from '../../src/knowledge/runbook-lint.ts'
import { publishedTools } from './published-tools.ts'
import { parsed } from './sample.ts'

const page = await readFile(new URL('../../docs/runbook-format.md', import.meta.url), 'utf8')

test('the example on the page is sound', () => {
  const example = /```markdown\n(.*?)```/s.exec(page)?.[1] ?? ''
  const runbook = parsed(example, 'runbooks/cart-needs-memory.md')
  expect(runbook.steps).toHaveLength(1)
  expect(lintRunbook(runbook, publishedTools())).toEqual([])
})

test('the page knows every format', () => {
  const rows = [...page.matchAll(/^\| `([a-z-]+)` \| .* \| .* \|$/gm)].map((row) => row[1])
  expect(rows.filter((name) => FORMATS.some((format) => format === name))).toEqual([...FORMATS])
})
