import { expect, test } from 'vitest'
import { cpuArgument, memoryArgument, memoryBytes, memoryText, milliCores } from '../src/quantity.ts'

test.each([
  ['1Gi', 1073741824],
  ['1536Mi', 1610612736],
  ['1.5Gi', 1610612736],
  ['128974848', 128974848],
  ['129e6', 129000000],
  ['129M', 129000000],
  ['512m', 1],
  ['1k', 1000],
])('%s of memory is %i bytes', (text, bytes) => {
  expect(memoryBytes(text)).toBe(bytes)
})

test.each([
  ['500m', 500],
  ['2', 2000],
  ['0.1', 100],
  ['100u', 1],
  ['1.5', 1500],
])('%s of CPU is %i millicores', (text, milli) => {
  expect(milliCores(text)).toBe(milli)
})

test.each(['', 'Gi', '1gi', '1 Gi', '-1Gi', '1Gi;', '0x10', 'NaN', 'Infinity'])('%j is no quantity', (text) => {
  expect(memoryBytes(text)).toBeNull()
})

test.each([
  [1610612736, '1536Mi'],
  [2147483648, '2Gi'],
  [104857600, '100Mi'],
  [4198400, '4100Ki'],
  [5000001, '5000001'],
])('%i bytes are written as %s', (bytes, text) => {
  expect(memoryText(bytes)).toBe(text)
  expect(memoryArgument('memory', bytes)).toBe(text)
  expect(memoryArgument('memory', String(bytes))).toBe(text)
})

test('integers of CPU are millicores, as describe has them', () => {
  expect(cpuArgument('cpu', 1500)).toBe('1500m')
  expect(cpuArgument('cpu', 2000)).toBe('2')
  expect(cpuArgument('cpu', '2')).toBe('2')
})
