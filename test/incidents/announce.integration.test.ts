import { afterAll, expect, test } from 'vitest'
import { announcer, isSoon, nudgedIncidents, REFUSALS } from '../../src/incidents/announce.ts'
import { lockIncident } from '../../src/incidents/incident-rows.ts'
import { CARDS_CHANNEL } from '../../src/incidents/wake.ts'
import { seedIncident } from '../approvals/seed.ts'
import { testDatabase } from '../support/postgres.ts'

const db = await testDatabase()
const { sql } = db
afterAll(db.close)
const announce = announcer(['telegram'])

test('what people have not seen yet collapses: one card, the newest ping, the newest notice', async () => {
  const incident = await seedIncident(sql)
  for (const kind of ['approval', 'failed'] as const) {
    await announce.card(sql, [incident])
    await announce.ping(sql, incident, kind)
    await announce.notice(sql, { subject: `closed:${incident}`, topic: 'resolved', text: kind, incident })
  }
  const rows = await sql`select kind, text from outbox where incident_id = ${incident} order by kind`
  expect(rows).toEqual([
    { kind: 'card', text: null },
    { kind: 'notice', text: 'failed' },
    { kind: 'ping', text: 'failed' },
  ])
})

test('what was sent stays, and the next state is a row of its own', async () => {
  const incident = await seedIncident(sql)
  await announce.card(sql, [incident])
  await sql`update outbox set sent_at = watch_now() where incident_id = ${incident}`
  await announce.card(sql, [incident])
  expect(await sql`select 1 from outbox where incident_id = ${incident}`).toHaveLength(2)
})

test('a refused card that has changed gets one more try as a card, and not all of them again', async () => {
  const incident = await seedIncident(sql)
  await announce.card(sql, [incident])
  for (const [refused, left] of [
    [1, 1],
    [REFUSALS, REFUSALS - 1],
    [REFUSALS + 2, REFUSALS - 1],
  ] as const) {
    await sql`update outbox set refusals = ${refused} where incident_id = ${incident}`
    await announce.card(sql, [incident])
    expect(await sql`select refusals from outbox where incident_id = ${incident}`).toEqual([{ refusals: left }])
  }
})

test('many incidents that become critical at once are one statement, and each has its ping', async () => {
  const many = [await seedIncident(sql), await seedIncident(sql)]
  await announce.ping(sql, many, 'critical')
  await announce.ping(sql, [], 'critical')
  const rows = await sql`select incident_id, subject, loud from outbox where incident_id = any(${many}) order by id`
  expect(rows).toEqual(many.map((id) => ({ incident_id: id, subject: `ping:${id}`, loud: true })))
})

test('without a messenger nothing is queued for one', async () => {
  const incident = await seedIncident(sql)
  const silent = announcer([])
  await silent.card(sql, [incident])
  await silent.ping(sql, incident, 'doubt')
  expect(await sql`select 1 from outbox where incident_id = ${incident}`).toHaveLength(0)
})

test('whoever listens is told whether a card is due at once, or only a little later', async () => {
  const heard: string[] = []
  const { unlisten } = await sql.listen(CARDS_CHANNEL, (nudge) => heard.push(nudge))
  const [seen, fresh] = [await seedIncident(sql), await seedIncident(sql)]
  await sql`
    insert into messages (channel, incident_id, chat_id, message_id) values ('telegram', ${seen}, -100, 1)`
  await announce.card(sql, [seen], 'soon')
  await announce.card(sql, [seen, fresh], 'soon')
  await announce.card(sql, [seen])
  // It is due already, whatever is on its way to something else.
  await announce.card(sql, [seen], 'soon')
  await expect.poll(() => heard).toEqual([`soon/${seen}`, `${seen},${fresh}`, `${seen}`, `${seen}`])
  expect(heard.map(isSoon)).toEqual([true, false, false, false])
  expect(nudgedIncidents(`soon/${seen}`)).toEqual([seen])
  await unlisten()
})

test('a press and the end of a run tell of the same card at once: neither waits for the other in a circle', async () => {
  const incident = await seedIncident(sql)
  const started = performance.now()
  // A press holds the incident and then tells; the end of a run only tells. Both write the same unsent row.
  const locked = Promise.withResolvers<void>()
  const press = sql.begin(async (tx) => {
    await lockIncident(tx, incident)
    locked.resolve()
    await tx`select pg_sleep(0.1)`
    await announce.card(tx, [incident])
  })
  await locked.promise
  const end = sql.begin((tx) => announce.card(tx, [incident]))
  const outcomes = await Promise.allSettled([press, end])
  expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled'])
  expect(performance.now() - started).toBeLessThan(900)
})
