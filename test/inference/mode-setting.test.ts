import { expect, test } from 'vitest'
import type { Mode } from '../../src/domain/inference.ts'
import { modeWished } from '../../src/inference/mode-setting.ts'

test.each<[Mode | null, Mode, Mode]>([
  [null, 'local_first', 'local_first'],
  [null, 'off', 'off'],
  ['cloud_only', 'local_first', 'cloud_only'],
  ['cloud_only', 'cloud_first', 'cloud_only'],
  ['cloud_only', 'local_only', 'local_only'],
  ['cloud_only', 'off', 'off'],
  ['local_only', 'cloud_first', 'local_only'],
  ['off', 'local_only', 'off'],
])('a wish for %s under %s asks in %s', (wish, now, mode) => {
  expect(modeWished(wish, now)).toBe(mode)
})
