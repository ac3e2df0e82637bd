import { expect, test } from 'vitest'
import { prometheusAccess } from '../src/prometheus-config.ts'

test('one address, or several with names', () => {
  expect(prometheusAccess({ PROMETHEUS_URL: 'http://p:9090/' })).toEqual([
    { name: 'prometheus', url: 'http://p:9090', token: undefined },
  ])
  expect(prometheusAccess({ PROMETHEUS_URL: 'a=http://a, b=https://b/x', PROMETHEUS_TOKEN: 't' })).toEqual([
    { name: 'a', url: 'http://a', token: 't' },
    { name: 'b', url: 'https://b/x', token: 't' },
  ])
})

test('what is wrong is said all at once, without a value', () => {
  expect(() => prometheusAccess({})).toThrow('Set PROMETHEUS_URL')
  const env = { PROMETHEUS_URL: 'a=secret-1,a=secret-2', PROMETHEUS_TOKEN_FILE: '/nowhere' }
  expect(() => prometheusAccess(env)).toThrow(/PROMETHEUS_TOKEN_FILE[\s\S]*http:\/\/[\s\S]*name of its own/)
  expect(() => prometheusAccess(env)).not.toThrow(/secret-/)
})
