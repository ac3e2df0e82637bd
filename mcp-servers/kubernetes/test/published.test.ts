import { expect, test } from 'vitest'
import { catalogOf } from '../../shared/src/catalog.ts'
import { tools } from '../src/tools/index.ts'

const listed = (clusters: string[]) => [...catalogOf(tools, clusters, false).values()].map(({ published }) => published)

test('the published tools are on record', async () => {
  await expect(`${formatted(listed(['home']))}\n`).toMatchFileSnapshot('golden/tools.json')
})

/** JSON as the formatter of this repository writes it: lists of short texts on one line. */
function formatted(value: unknown): string {
  return JSON.stringify(value, null, 2).replace(
    /^( *)(.*)\[\n((?: *"[^"\n]*",?\n)+) *\]/gm,
    (whole, indent, head, list) => {
      const line = `${indent}${head}[${list.trim().replace(/,\n */g, ', ')}]`
      return line.length <= 119 ? line : whole
    },
  )
}

test('the list of tools stays under 40,000 bytes, with several clusters too', () => {
  const size = (clusters: string[]) => Buffer.byteLength(JSON.stringify({ tools: listed(clusters) }))
  expect(size(['home'])).toBeLessThanOrEqual(40_000)
  expect(size(['homelab', 'cabin'])).toBeLessThanOrEqual(40_000)
})
