import { expect, test } from 'vitest'
import { ConfigurationError, OperatorError, UpstreamError } from '../../src/domain/errors.ts'

test('a configuration error lists each variable with its remedy, and an operator can mend it', () => {
  const error = new ConfigurationError([
    { variable: 'PORT', remedy: 'set it to a whole number' },
    { variable: 'PEOPLE', remedy: 'make one an admin' },
  ])
  expect(error).toBeInstanceOf(OperatorError)
  expect(error.message.split('\n')).toEqual([
    'The configuration cannot be used; 2 settings must change:',
    '  PORT: set it to a whole number',
    '  PEOPLE: make one an admin',
  ])
})

test('every kind keeps the error behind it', () => {
  const cause = new Error('socket hang up')
  const upstream = new UpstreamError('Telegram did not answer.', {
    vendor: 'Telegram',
    status: 502,
    retryable: true,
    cause,
  })
  expect(upstream).toMatchObject({ name: 'UpstreamError', vendor: 'Telegram', status: 502, retryable: true, cause })
  expect(new OperatorError('Mend it.', { cause }).cause).toBe(cause)
})
