import { expect, test } from 'vitest'
import { patched, staleGuards } from './guards.ts'

const edit = { file: 'src/a.ts', find: 'if (late) return\n', put: '' }

test('every guard can still be switched off: its snippets are in the source, once each', () => {
  expect(staleGuards()).toEqual([])
})

test('a snippet is taken out where it stands', () => {
  expect(patched('first()\nif (late) return\nsecond()\n', edit, 'lateness')).toBe('first()\nsecond()\n')
})

test('a snippet that is gone, or there twice, is an error that names it', () => {
  expect(() => patched('second()\n', edit, 'lateness')).toThrow(
    /"lateness" cannot be switched off.* 0 times in src\/a\.ts/,
  )
  expect(() => patched(edit.find.repeat(2), edit, 'lateness')).toThrow(/2 times/)
})
