import { afterAll, expect, test } from 'vitest'
import { embeddedIndex } from '../../../src/knowledge/index/embedded-index.ts'
import { testDatabase } from '../../support/postgres.ts'
import { asked, indexContract, page } from './contract.ts'

const db = await testDatabase()
afterAll(db.close)

indexContract(async () => {
  await db.sql`delete from knowledge_pages`
  return embeddedIndex(db.sql)
})

test('a replica sees what another one wrote', async () => {
  await db.sql`delete from knowledge_pages`
  const [one, two] = [embeddedIndex(db.sql), embeddedIndex(db.sql)]
  const query = asked({ summary: 'certificates expire' })
  expect(await two.search('runbooks', query)).toEqual([])
  await one.put('runbooks', [page('certificates', '# Certificates\n\nThey expire.')])
  expect((await two.search('runbooks', query)).map((hit) => hit.page.id)).toEqual(['certificates'])
  await one.remove('runbooks', ['certificates'])
  expect(await two.search('runbooks', query)).toEqual([])
})
