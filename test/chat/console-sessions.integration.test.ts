import { afterAll, beforeEach, expect, test } from 'vitest'
import { localAdmin, postgresSessions } from '../../src/chat/console/sessions.ts'
import type { Person } from '../../src/domain/person.ts'
import { testDatabase } from '../support/postgres.ts'

const db = await testDatabase()
afterAll(db.close)

const { sql } = db
const anna: Person = { name: 'anna', telegramId: 1001, role: 'operator' }
const hour = 3_600_000

beforeEach(async () => {
  await sql`update clock set test_offset = '0', high_water = '-infinity'`
})

test('a login token works once, even when it is redeemed twice at the same moment', async () => {
  const sessions = postgresSessions(sql, () => [anna])
  const token = await sessions.createLogin('anna', hour)
  const cookies = await Promise.all([sessions.redeem(token), sessions.redeem(token), sessions.redeem(token)])
  const [cookie] = cookies.filter((one) => one !== undefined)
  expect(cookies.filter((one) => one !== undefined)).toHaveLength(1)
  const session = await sessions.session(cookie ?? '')
  expect(session?.person).toEqual(anna)
  expect(session?.csrf).toMatch(/^[\w-]{43}$/)
})

test('neither tokens nor cookies are in the database', async () => {
  const sessions = postgresSessions(sql, () => [anna])
  const token = await sessions.createLogin('anna', hour)
  const cookie = (await sessions.redeem(token)) ?? ''
  const kept = JSON.stringify([await sql`select * from console_logins`, await sql`select * from console_sessions`])
  expect(kept).not.toContain(token)
  expect(kept).not.toContain(cookie)
})

test('a login link ends after its time, a session after twelve hours', async () => {
  const sessions = postgresSessions(sql, () => [anna])
  const late = await sessions.createLogin('anna', hour)
  const cookie = (await sessions.redeem(await sessions.createLogin('anna', hour))) ?? ''
  await sql`update clock set test_offset = '11 hours'`
  expect(await sessions.redeem(late)).toBeUndefined()
  expect(await sessions.session(cookie)).toBeDefined()
  await sql`update clock set test_offset = '12 hours 1 second'`
  expect(await sessions.session(cookie)).toBeUndefined()
})

test('roles are read anew at each request, and who left the list is out', async () => {
  let people: Person[] = [anna]
  const sessions = postgresSessions(sql, () => people)
  const cookie = (await sessions.redeem(await sessions.createLogin('anna', hour))) ?? ''
  people = [{ ...anna, role: 'viewer' }]
  expect((await sessions.session(cookie))?.person.role).toBe('viewer')
  people = [{ name: 'bob', telegramId: 1002, role: 'admin' }]
  expect(await sessions.session(cookie)).toBeUndefined()
})

test('the local admin is there only while nobody is on the list', async () => {
  let people: Person[] = []
  const sessions = postgresSessions(sql, () => people)
  const cookie = (await sessions.redeem(await sessions.createLogin(localAdmin.name, hour))) ?? ''
  expect((await sessions.session(cookie))?.person).toEqual(localAdmin)
  people = [anna]
  expect(await sessions.session(cookie)).toBeUndefined()
  await expect(sessions.createLogin(localAdmin.name, hour)).rejects.toThrow('not on the list of people')
})

test('logging out ends the session, and made-up cookies are nobody', async () => {
  const sessions = postgresSessions(sql, () => [anna])
  const cookie = (await sessions.redeem(await sessions.createLogin('anna', hour))) ?? ''
  await sessions.end(cookie)
  expect(await sessions.session(cookie)).toBeUndefined()
  expect(await sessions.session('made-up')).toBeUndefined()
  expect(await sessions.redeem('made-up')).toBeUndefined()
})
