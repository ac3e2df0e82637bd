import { mkdtemp, readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { ownToken } from '../../src/installation.ts'
import { madeOnce } from '../../src/storage/made-once.ts'

const folder = () => mkdtemp(join(tmpdir(), 'watchkeeper-once-'))

test('it is made once, for its owner alone, and whoever comes at the same time has the same', async () => {
  const path = join(await folder(), 'keys', 'secret')
  let made = 0
  const make = () => `secret ${++made}\n`
  const all = await Promise.all([madeOnce(path, make), madeOnce(path, make), madeOnce(path, make)])
  expect(new Set([...all, await madeOnce(path, make)]).size).toBe(1)
  expect((await stat(path)).mode & 0o077).toBe(0)
  expect(await readdir(join(path, '..'))).toEqual(['secret'])
})

test('a token that a full disk left empty is made anew, and is kept then', async () => {
  const data = await folder()
  await ownToken(data)
  const path = join(data, 'keys', 'webhook-token')
  await writeFile(path, '')
  const token = await ownToken(data)
  expect(token).toMatch(/^[\w-]{32}$/)
  expect(await ownToken(data)).toBe(token)
  expect(await readFile(path, 'utf8')).toBe(`${token}\n`)
})

test('what cannot be made leaves nothing behind that looks like it', async () => {
  const path = join(await folder(), 'secret')
  const failing = () => {
    throw new Error('no randomness')
  }
  await expect(madeOnce(path, failing)).rejects.toThrow('no randomness')
  expect(await readdir(join(path, '..'))).toEqual([])
  expect(await madeOnce(path, () => 'made')).toBe('made')
})
