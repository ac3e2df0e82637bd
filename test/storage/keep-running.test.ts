import { expect, test } from 'vitest'
import { type KeepOptions, keepRunning } from '../../src/storage/embedded/keep-running.ts'

/** A server that ends when told to, and comes back as often as `backs` says, each time with the next number. */
function server(backs: readonly ('ok' | 'fails' | 'dies')[], options: Partial<KeepOptions> = {}) {
  const alive = new Set([1])
  const told: string[] = []
  let tried = 0
  const kept = keepRunning(1, {
    isRunning: async (pid) => alive.has(pid),
    async bringBack() {
      const how = backs[tried++]
      if (how !== 'ok' && how !== 'dies') throw new Error(`attempt ${tried} failed`)
      if (how === 'ok') alive.add(tried + 1)
      return tried + 1
    },
    isHopeless: () => false,
    tell: (sentence) => told.push(sentence),
    lookMs: 1,
    pausesMs: [0, 1, 1],
    ...options,
  })
  return { kept, told, end: (pid: number) => alive.delete(pid), tried: () => tried }
}

test('it is tried again until it is back, and each attempt is told', async () => {
  const { kept, told, end } = server(['fails', 'ok'])
  end(1)
  await expect.poll(() => kept.pid()).toBe(3)
  expect(told).toEqual([
    'The embedded Postgres ended without having been asked to. It is started again.',
    'The embedded Postgres could not be started again (attempt 1 of 3).',
    'The embedded Postgres is back.',
  ])
  await kept.stop()
})

test('it is given up after the last attempt, with what that failed with', async () => {
  const { kept, end, tried } = server(['fails', 'fails', 'fails', 'ok'])
  end(1)
  expect(await kept.lost).toMatchObject({ message: 'attempt 3 failed' })
  expect(tried()).toBe(3)
  expect(kept.pid()).toBeUndefined()
})

test('what another attempt cannot change is not tried again', async () => {
  const { kept, end, tried } = server(['fails', 'ok'], { isHopeless: () => true })
  end(1)
  expect(await kept.lost).toMatchObject({ message: 'attempt 1 failed' })
  expect(tried()).toBe(1)
})

test('one that ends as soon as it is back is given up too', async () => {
  const { kept, end, tried } = server(['dies', 'dies', 'dies', 'ok'])
  end(1)
  expect(await kept.lost).toMatchObject({ message: 'it ended again and again' })
  expect(tried()).toBe(3)
})

test('after a time of calm the attempts count anew', async () => {
  const { kept, end, tried } = server(['dies', 'dies', 'dies', 'dies', 'ok'], { calmMs: -1 })
  end(1)
  await expect.poll(() => kept.pid()).toBe(6)
  expect(tried()).toBe(5)
  await kept.stop()
})

test('one that is stopped is not brought back', async () => {
  const { kept, end, tried } = server(['ok'])
  await kept.stop()
  end(1)
  await kept.stop()
  expect(tried()).toBe(0)
  expect(kept.pid()).toBe(1)
})
