import { setTimeout as pause } from 'node:timers/promises'
import { afterEach, expect, test } from 'vitest'
import { onDuty } from '../../src/chat/duty.ts'
import { takeLease } from '../../src/incidents/leases.ts'
import { bob, endings, startWatch } from './telegram-watch.ts'

const after = endings()
afterEach(after.run)

test('of two replicas one speaks and polls; when it stops, the other takes over at once', async () => {
  const watch = await startWatch(after, { start: false })
  const first = watch.replica()
  await expect.poll(() => first.onDuty).toBe(true)
  const second = watch.replica()
  const id = await watch.records.open()
  await watch.records.ask(id, { ping: false })
  const card = await watch.seen(id, 'Approve')
  await watch.quiet()
  expect(second.onDuty).toBe(false)
  await first.stop()
  await expect.poll(() => second.onDuty, { timeout: 5_000 }).toBe(true)
  const { answer } = await watch.telegram.press({ message_id: card.message_id, text: 'Approve', from: bob })
  expect((await answer)?.text).toBe('Approved, running.')
  await watch.seen(id, 'Approved')
  expect(watch.telegram.messages()).toHaveLength(1)
})

test('a press that nobody could take while the database was away is taken afterwards', async () => {
  let broken = true
  const watch = await startWatch(after, {
    desk: (desk) => ({
      async press(press) {
        if (broken) throw Object.assign(new Error('the database is away'), { code: 'ECONNREFUSED' })
        return await desk.press(press)
      },
    }),
  })
  const id = await watch.records.open()
  await watch.records.ask(id, { ping: false })
  const card = await watch.seen(id, 'Approve')
  await watch.telegram.press({ message_id: card.message_id, text: 'Approve', from: bob })
  await expect.poll(() => watch.log.some((line) => line.includes('could not be taken')), { timeout: 5_000 }).toBe(true)
  broken = false
  await watch.seen(id, 'Approved')
})

test('a duty whose lease is taken away ends its work at once, and one that is killed is taken over when it has expired', async () => {
  const watch = await startWatch(after, { start: false })
  const { sql } = watch
  const events: string[] = []
  const work = (who: string) => async (signal: AbortSignal) => {
    events.push(`${who} begins`)
    await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()))
    events.push(`${who} ends`)
  }
  // A holder that was killed: nobody keeps its lease alive.
  expect(await takeLease(sql, 'duty:test', 'killed/1', 1_500)).toBeDefined()
  const began = Date.now()
  const duty = onDuty(sql, { name: 'duty:test', instance: 'a', ttlMs: 1_500 }, work('a'))
  after.add(() => duty.stop())
  await expect.poll(() => events, { timeout: 5_000 }).toEqual(['a begins'])
  expect(Date.now() - began).toBeGreaterThan(1_300)
  expect(Date.now() - began).toBeLessThan(4_000)
  await sql`update leases set holder = 'somebody else', epoch = epoch + 1 where name = 'duty:test'`
  await expect.poll(() => events, { timeout: 2_000 }).toEqual(['a begins', 'a ends'])
  expect(duty.held).toBe(false)
})

test('work that fails is begun again, and never twice at a time', async () => {
  const watch = await startWatch(after, { start: false })
  let running = 0
  let most = 0
  let begun = 0
  const errors: unknown[] = []
  const options = { name: 'duty:test', ttlMs: 1_500, onError: (error: unknown) => errors.push(error) }
  const work = async (signal: AbortSignal) => {
    running += 1
    begun += 1
    most = Math.max(most, running)
    await pause(begun === 1 ? 50 : 100_000, undefined, { signal }).catch(() => {})
    running -= 1
    if (begun === 1) throw new Error('stumbled')
  }
  const duties = ['a', 'b', 'c'].map((instance) => onDuty(watch.sql, { ...options, instance }, work))
  for (const duty of duties) after.add(() => duty.stop())
  await expect.poll(() => begun, { timeout: 5_000 }).toBe(2)
  expect(errors).toEqual([new Error('stumbled')])
  expect(most).toBe(1)
})

test('another program that polls with the same token is named', async () => {
  const watch = await startWatch(after)
  await expect.poll(() => watch.log.some((line) => line.includes('speaks in Telegram'))).toBe(true)
  await pause(300)
  await fetch(`${watch.telegram.url}/bot${watch.telegram.token}/getUpdates?timeout=0`)
  await expect
    .poll(() => watch.log.some((line) => line.includes('Another program asks Telegram')), { timeout: 5_000 })
    .toBe(true)
})
