import { expect, test } from 'vitest'
import { catalogOf } from '../../shared/src/catalog.ts'
import { tools } from '../src/tools/index.ts'

const listed = (clusters: string[]) => [...catalogOf(tools, clusters, false).values()].map(({ published }) => published)

test('the list of tools stays under 40,000 bytes, with several clusters too', () => {
  const size = (clusters: string[]) => Buffer.byteLength(JSON.stringify({ tools: listed(clusters) }))
  expect(size(['home'])).toBeLessThanOrEqual(40_000)
  expect(size(['homelab', 'cabin'])).toBeLessThanOrEqual(40_000)
})
