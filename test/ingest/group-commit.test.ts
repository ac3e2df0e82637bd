import { expect, test } from 'vitest'
import { type GroupCommitOptions, groupCommit } from '../../src/ingest/group-commit.ts'

type Commit = { items: readonly string[]; succeed(): void; fail(error: Error): void }

/** A database that commits when it is told to. */
function conducted(options: Partial<GroupCommitOptions<string, string>> = {}) {
  const commits: Commit[] = []
  const alone: string[] = []
  const submit = groupCommit<string, string>({
    commit: (items) =>
      new Promise((resolve, reject) => {
        commits.push({ items, succeed: () => resolve(items.map((item) => `${item}!`)), fail: reject })
      }),
    async commitAlone(item) {
      alone.push(item)
      if (item === 'poison') throw new Error('refused')
      return `${item} alone`
    },
    isOutage: (error) => error instanceof Error && error.message === 'outage',
    weigh: (item) => item.length,
    maxGroup: 100,
    maxWaiting: 100,
    deadlineMs: 5_000,
    abandonMs: 5_000,
    ...options,
  })
  const commit = async (index: number) => {
    await expect.poll(() => commits.length, { interval: 1 }).toBeGreaterThan(index)
    return commits[index] as Commit
  }
  return { submit, commits, commit, alone }
}

test('those who come together share a commit, and those who come meanwhile share the next', async () => {
  const { submit, commit, commits } = conducted()
  const first = [submit('a'), submit('b')]
  expect((await commit(0)).items).toEqual(['a', 'b'])
  const second = [submit('c'), submit('d')]
  await Promise.resolve()
  expect(commits).toHaveLength(1)
  commits[0]?.succeed()
  expect(await Promise.all(first)).toEqual(['a!', 'b!'])
  const next = await commit(1)
  expect(next.items).toEqual(['c', 'd'])
  next.succeed()
  expect(await Promise.all(second)).toEqual(['c!', 'd!'])
})

test('the database has the next group before the callers of the last are answered', async () => {
  const { submit, commit, commits } = conducted()
  const first = submit('a').then(() => commits.length)
  const begun = await commit(0)
  const second = submit('b')
  begun.succeed()
  expect(await first).toBe(2)
  commits[1]?.succeed()
  expect(await second).toBe('b!')
})

test('nobody is answered before the commit', async () => {
  const { submit, commit } = conducted()
  let answered = false
  const promise = submit('a').then(() => {
    answered = true
  })
  const first = await commit(0)
  expect(answered).toBe(false)
  first.succeed()
  await promise
  expect(answered).toBe(true)
})

test('a group is bounded by weight, but one heavy item still goes', async () => {
  const { submit, commit } = conducted({ maxGroup: 3 })
  const all = [submit('aa'), submit('bb'), submit('heavy')]
  for (const index of [0, 1, 2]) (await commit(index)).succeed()
  expect(await Promise.all(all)).toEqual(['aa!', 'bb!', 'heavy!'])
})

test('of a refused group each is tried alone, and only the poisoned one fails', async () => {
  const { submit, commit, alone } = conducted()
  const all = [submit('a'), submit('poison'), submit('b')].map((promise) =>
    promise.catch((error: Error) => error.message),
  )
  ;(await commit(0)).fail(new Error('bad data'))
  expect(await Promise.all(all)).toEqual(['a alone', 'refused', 'b alone'])
  expect(alone).toEqual(['a', 'poison', 'b'])
})

test('in an outage everybody is told at once', async () => {
  const { submit, commit, alone } = conducted()
  const all = [submit('a'), submit('b')].map((promise) => promise.catch((error: Error) => error.message))
  ;(await commit(0)).fail(new Error('outage'))
  expect(await Promise.all(all)).toEqual(['outage', 'outage'])
  expect(alone).toEqual([])
})

test('when too much is waiting, the next is refused at once', async () => {
  const { submit, commit } = conducted({ maxWaiting: 4 })
  const busy = submit('a')
  const first = await commit(0)
  const waiting = submit('bbbb')
  await expect(submit('c')).rejects.toMatchObject({ name: 'UpstreamError', retryable: true })
  first.succeed()
  ;(await commit(1)).succeed()
  expect(await Promise.all([busy, waiting])).toEqual(['a!', 'bbbb!'])
})

test('who waited too long is told so, and is not committed afterwards', async () => {
  const { submit, commit, commits } = conducted({ deadlineMs: 20 })
  const hanging = submit('a')
  const hung = await commit(0)
  const late = submit('b')
  await expect(hanging).rejects.toMatchObject({ message: 'The database did not commit in time.' })
  await expect(late).rejects.toMatchObject({ retryable: true })
  hung.succeed()
  const after = submit('c')
  const next = await commit(1)
  expect(next.items).toEqual(['c'])
  next.succeed()
  await after
  expect(commits).toHaveLength(2)
})

test('a commit that never answers does not hold up the others for ever', async () => {
  const { submit, commit } = conducted({ abandonMs: 20 })
  const hanging = submit('a')
  const hung = await commit(0)
  const after = submit('b')
  ;(await commit(1)).succeed()
  expect(await after).toBe('b!')
  hung.succeed()
  expect(await hanging).toBe('a!')
})
