import { afterEach, expect, test } from 'vitest'
import { topicPlan } from '../../src/config/topics.ts'
import { endings, startWatch, type Watch } from './telegram-watch.ts'

const after = endings()
afterEach(after.run)

async function topicOf(watch: Watch, id: number): Promise<string | undefined> {
  const card = await watch.seen(id, 'keeps restarting')
  return watch.telegram.topics().find(({ thread }) => thread === card.thread)?.name
}

test('incidents go where the routes say: critical first, then by label, then the fallback', async () => {
  const watch = await startWatch(after, { telegram: { topics: topicPlan('default,arr,home-assistant') } })
  const { records } = watch
  const ids = [
    await records.open({ severity: 'critical', namespace: 'media' }),
    await records.open({ namespace: 'media' }),
    await records.open({ namespace: 'home-assistant' }),
    await records.open({ namespace: 'shop' }),
  ]
  const names = await Promise.all(ids.map((id) => topicOf(watch, id)))
  expect(names).toEqual(['🔴 Critical Alerts', '🟡 Arr Suite', '🏠 Home Assistant', '🔵 Infrastructure'])
})

test('topics and routes of one’s own are used', async () => {
  const plan = topicPlan(
    JSON.stringify({
      topics: [
        { key: 'night', name: '🌙 Night watch' },
        { key: 'rest', name: 'Everything else' },
      ],
      routes: [{ matchers: ['namespace=~"shop.*"', 'severity!="info"'], topic: 'night' }],
      fallback: 'rest',
    }),
  )
  const watch = await startWatch(after, { telegram: { topics: plan } })
  expect(await topicOf(watch, await watch.records.open({ namespace: 'shop-eu' }))).toBe('🌙 Night watch')
  expect(await topicOf(watch, await watch.records.open({ namespace: 'shop-eu', severity: 'info' }))).toBe(
    'Everything else',
  )
})

test('two replicas that need a topic at once make it once, and both use it', async () => {
  const watch = await startWatch(after, { start: false })
  const made: string[] = []
  const make = async (name: string) => {
    made.push(name)
    await new Promise((resolve) => setTimeout(resolve, 50))
    return made.length
  }
  const replicas = [watch.topics(make), watch.topics(make)]
  const threads = await Promise.all(
    replicas.flatMap((topics) => [topics.thread('critical'), topics.thread('resolved')]),
  )
  expect(made.sort()).toEqual(['✅ Resolved', '🔴 Critical Alerts'].sort())
  expect(threads.slice(0, 2)).toEqual(threads.slice(2))
})

test('topics outlive the process that made them', async () => {
  const watch = await startWatch(after, { start: false })
  const first = watch.replica()
  await topicOf(watch, await watch.records.open())
  await watch.quiet()
  await first.stop()
  watch.replica()
  await topicOf(watch, await watch.records.open())
  expect(watch.telegram.topics()).toHaveLength(1)
})

test('a chat without topics takes everything itself, and that is said once', async () => {
  const watch = await startWatch(after, { simulator: { forum: false }, start: false })
  const replica = watch.replica()
  const id = await watch.records.open()
  expect((await watch.seen(id, 'keeps restarting')).thread).toBeUndefined()
  await watch.records.move(id, 'closed', 'self_resolved')
  await watch.quiet()
  expect(watch.log.filter((line) => line.includes('The chat has no topics'))).toHaveLength(1)
  expect(replica.troubles()).toEqual([expect.stringContaining('Switch Topics on')])
})

test('without the right to make topics everything goes into the chat itself', async () => {
  const watch = await startWatch(after, { start: false })
  watch.telegram.allowTopics(false)
  const replica = watch.replica()
  const id = await watch.records.open()
  expect((await watch.seen(id, 'keeps restarting')).thread).toBeUndefined()
  expect(replica.troubles()).toEqual([expect.stringContaining('right to manage topics')])
})

test('a topic that somebody deleted is made again, with the cards that still matter', async () => {
  const watch = await startWatch(after)
  const id = await watch.records.open()
  const first = await watch.seen(id, 'keeps restarting')
  await watch.quiet()
  watch.telegram.deleteTopic(first.thread ?? 0)
  await watch.records.ask(id)
  const second = await watch.seen(id, 'Approve')
  expect(second.thread).not.toBe(first.thread)
  expect(watch.telegram.topics().map(({ name }) => name)).toEqual(['🔵 Infrastructure'])
  await watch.quiet()
})

test('a topic that is gone again as soon as it was made is not made a third time: its place is the chat itself', async () => {
  const watch = await startWatch(after, { start: false })
  let made = 0
  const topics = watch.topics(async () => ++made)
  for (const thread of [1, 2]) {
    expect(await topics.thread('critical')).toBe(thread)
    await topics.forget(thread)
  }
  expect(await topics.thread('critical')).toBeNull()
  expect(made).toBe(2)
  expect(topics.trouble()).toMatch(/Critical Alerts was gone again .* Look who deletes it/)
})
