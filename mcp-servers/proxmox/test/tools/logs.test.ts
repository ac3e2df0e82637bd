import { expect, test } from 'vitest'
import { fakeCluster } from '../fake-cluster.ts'
import { serverOn } from '../harness.ts'

const KEY = ['-----BEGIN PRIVATE KEY-----', 'bm90IGZvciBhbnlvbmU=', 'Zm9v', '-----END PRIVATE KEY-----', 'ready']

test('a key that the window of a journal or of a task is cut into is not shown at any tail', async () => {
  const cluster = fakeCluster()
  cluster.journalLines = KEY.map((line) => `Nov 01 10:00:00 pve1 app[7]: ${line}`)
  cluster.logLines = KEY
  cluster.put({ id: 100 })
  const upid = await cluster.power(await cluster.guest(100, AbortSignal.abort()), 'reset', {}, AbortSignal.abort())
  const server = await serverOn(cluster)
  for (let tail = 1; tail <= KEY.length; tail += 1) {
    const journal = (await server.call('node_journal', { node: 'pve1', tail })).structuredContent
    const task = (await server.call('task_get', { upid, tail })).structuredContent
    for (const shown of [journal.items, task.log].map((lines) => JSON.stringify(lines))) {
      expect(shown, `tail ${tail}`).not.toMatch(/bm90|Zm9v/)
      expect(shown, `tail ${tail}`).toMatch(/ready|TASK OK/)
    }
  }
})

test('what is read before the window is neither shown nor counted', async () => {
  const cluster = fakeCluster()
  cluster.journalLines = ['a', 'b', 'c']
  const server = await serverOn(cluster)
  const { structuredContent } = await server.call('node_journal', { node: 'pve1', tail: 2 })
  expect(structuredContent).toMatchObject({ items: ['b', 'c'], truncated: false, total: 2 })
})
