import { expect, test } from 'vitest'
import { readPage } from '../../../src/knowledge/retrieval/page.ts'
import { anyText } from './any-markdown.ts'

const markdown = `---
title: "Volume filling"
---
Before.

# KubeVolume

See [the docs](https://example.com/a) and https://example.com/b.

\`\`\`sh
# not a heading
df -h
\`\`\`

## Mitigation

Grow it.
`

test('a page has its title, headings and prose; code and addresses are in none of them', () => {
  const page = readPage(markdown, 'volume')
  expect(page.title).toBe('Volume filling\nKubeVolume')
  expect(page.headings).toEqual(['KubeVolume', 'Mitigation'])
  expect(page.prose).toContain('See the docs and')
  expect(page.prose).not.toMatch(/df -h|example\.com|not a heading/)
})

test('chunks follow the headings and say where they stand; what people are shown keeps its code', () => {
  const { chunks } = readPage(markdown, 'volume')
  expect(chunks.map(({ heading }) => heading)).toEqual(['Volume filling', 'KubeVolume', 'KubeVolume › Mitigation'])
  expect(chunks[1]?.text).toContain('df -h')
})

test('a long section becomes several chunks, cut between paragraphs', () => {
  const { chunks } = readPage(`# Long\n\n${Array.from({ length: 9 }, () => 'word '.repeat(100)).join('\n\n')}`, 'long')
  expect(chunks.length).toBeGreaterThan(2)
  expect(chunks.every(({ text }) => text.length <= 1_600)).toBe(true)
})

test('a page without a heading is called as its file', () => {
  expect(readPage('only text', 'notes').title).toBe('notes')
  expect(readPage('', 'empty').chunks).toEqual([])
})

test('no text breaks the reading', () => {
  for (const text of anyText()) expect(readPage(text, 'any').file).toBe('any')
})
