import { fileURLToPath } from 'node:url'
import { afterAll, expect, test } from 'vitest'
import { unsettledOf } from '../../src/graph/doubt.ts'
import { readMigrations } from '../../src/storage/migrate.ts'
import { seedQuestion } from '../approvals/seed.ts'
import { testDatabase } from '../support/postgres.ts'

const db = await testDatabase()
const { sql } = db
afterAll(db.close)

const none = async () => {}

test.each<[what: string, since: (incident: number, plan: string) => Promise<unknown>, waited: boolean]>([
  ['was made once more', (incident, plan) => seedEffect(incident, plan, 2, 'done'), false],
  ['was to be made once more, which never began', (incident, plan) => seedEffect(incident, plan, 2, 'skipped'), true],
  ['was given up', (incident) => sql`update incidents set outcome = 'abandoned' where id = ${incident}`, false],
  ['was followed by another round', (incident) => sql`update incidents set round = 2 where id = ${incident}`, false],
  ['waits for an answer', none, true],
])('a call in doubt from before, which %s', async (_what, since, waited) => {
  const { incident, plan } = await seedQuestion(sql)
  await seedEffect(incident, plan.id, 1, 'in_doubt')
  await since(incident, plan.id)
  await migrateAgain()
  expect((await unsettledOf(sql, incident)) !== undefined).toBe(waited)
})

async function seedEffect(incident: number, plan: string, attempt: number, status: string): Promise<void> {
  const [permit] = await sql<{ id: string }[]>`
    insert into authorizations (plan_id, incident_id, actions, attempt, approval_id, expires_at)
    select plan_id, incident_id, actions, ${attempt}, id, watch_now() from approvals where plan_id = ${plan} returning id`
  if (!permit) throw new Error('nothing permits it')
  await sql`
    insert into effects (plan_id, incident_id, action, attempt, status, authorization_id, started_at)
    values (${plan}, ${incident}, 0, ${attempt}, ${status}, ${permit.id}, case when ${status} <> 'skipped' then watch_now() end)`
}

/** As it finds the rows of a database that was there before it. */
async function migrateAgain(): Promise<void> {
  const files = await readMigrations(fileURLToPath(new URL('../../src/storage/migrations', import.meta.url)))
  const file = files.find(({ version }) => version === 36)
  if (!file) throw new Error('there is no migration 036')
  await sql.unsafe(file.text)
}
