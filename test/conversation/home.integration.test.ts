import { afterAll, expect, test } from 'vitest'
import { homebound, namesAbout, staysHome } from '../../src/conversation/home.ts'
import { pagesFor } from '../../src/conversation/known.ts'
import type { Labels } from '../../src/domain/alert.ts'
import { knowledgeSearch } from '../../src/knowledge/retrieval/knowledge-search.ts'
import { json } from '../../src/storage/postgres.ts'
import { seedIncident } from '../approvals/seed.ts'
import { fakeIndex } from '../knowledge/doubles.ts'
import { page } from '../knowledge/index/contract.ts'
import { testDatabase } from '../support/postgres.ts'

const db = await testDatabase()
const { sql } = db
afterAll(db.close)

const isPrivate = ({ namespace }: Labels) => namespace === 'private'
const labelled = async (labels: Labels) => {
  const id = await seedIncident(sql)
  await sql`update alerts set labels = ${json(sql, labels)} where incident_id = ${id}`
  return id
}

test('past decisions of what stays at home are shown where the asking incident stays there too, and nowhere else', async () => {
  const [diary, radarr, photos] = [
    await labelled({ namespace: 'private' }),
    await labelled({ namespace: 'media' }),
    await labelled({ namespace: 'private' }),
  ]
  await sql`update incidents set closed_at = now(), status = 'closed' where id = ${diary}`
  expect(await homebound(sql, [diary, radarr, photos, 9_999], isPrivate)).toEqual(new Set([diary, photos, 9_999]))
  const { index } = fakeIndex()
  const decision = {
    ...page('incident-1-1', '# Diary out of memory\n\nThe limit was raised.'),
    facts: { incident: diary },
  }
  const others = Array.from({ length: 20 }, (_, at) =>
    page(`other-${at}`, `# Topic ${at}\n\nBackups of database ${at}.`),
  )
  await index.put('decisions', [decision, ...others])
  const search = knowledgeSearch(index, undefined, (incidents) => homebound(sql, incidents, isPrivate))
  const pages = async (incident: number | null) => {
    const about = { text: 'Diary out of memory', incident }
    const found = await pagesFor(search, about, AbortSignal.timeout(10_000))
    // This index answers for every collection alike.
    return found.filter(({ source }) => source.startsWith('decisions:'))
  }
  expect(await pages(null)).toEqual([])
  expect(await pages(radarr)).toEqual([])
  expect((await pages(photos)).map(({ title }) => title)).toEqual(['Diary out of memory'])
})

test('what is about no incident stays at home while an open one does, and knows the machines of every open one', async () => {
  await sql`update incidents set closed_at = now(), status = 'closed'`
  await labelled({ namespace: 'media', node: 'attic-01' })
  expect(await staysHome(sql, null, isPrivate)).toBe(false)
  const kept = await labelled({ namespace: 'private', instance: 'nas-cellar:9100' })
  expect(await staysHome(sql, null, isPrivate)).toBe(true)
  expect((await namesAbout(sql, null)).sort()).toEqual(['attic-01', 'nas-cellar'])
  expect(await namesAbout(sql, kept)).toEqual(['nas-cellar'])
  await sql`update incidents set closed_at = now(), status = 'closed' where id = ${kept}`
  expect(await staysHome(sql, null, isPrivate)).toBe(false)
  expect(await namesAbout(sql, null)).toEqual(['attic-01'])
})
