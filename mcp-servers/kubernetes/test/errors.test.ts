import { expect, test } from 'vitest'
import { errorOfStatus, unreachable } from '../src/kubernetes-errors.ts'

const place = { about: 'deployment/cart in shop', role: 'operator', context: 'home' } as const
const status = (message: string, more: object = {}) => JSON.stringify({ kind: 'Status', message, ...more })

test.each([
  [401, status('Unauthorized'), 'forbidden', 'did not accept the operator credential'],
  [
    403,
    status(
      'deployments.apps "cart" is forbidden: User "x" cannot patch resource "deployments" in API group "apps" in the namespace "shop"',
    ),
    'forbidden',
    'The operator credential may not patch deployments.apps in namespace shop: its role lacks this privilege.',
  ],
  [
    403,
    status('nodes is forbidden: User "x" cannot list resource "nodes" in API group "" at the cluster scope'),
    'forbidden',
    'may not list nodes in the whole cluster',
  ],
  [403, status('admission webhook denied it'), 'forbidden', 'admission webhook denied it'],
  [404, status('deployments.apps "cart" not found'), 'not_found', 'There is no deployment/cart in shop.'],
  [409, status('the object has been modified'), 'conflict', 'moved while it was being changed'],
  [410, status('too old'), 'invalid', 'start the list again'],
  [
    422,
    status('invalid', { details: { causes: [{ field: 'spec.replicas', message: 'must be >= 0' }] } }),
    'invalid',
    'spec.replicas: must be >= 0',
  ],
  [429, status('slow down'), 'unreachable', 'overloaded'],
  [
    429,
    status('Cannot evict pod', {
      details: { causes: [{ reason: 'DisruptionBudget', message: 'The disruption budget cart needs 2 healthy pods' }] },
    }),
    'refused',
    'A disruption budget forbids it: The disruption budget cart needs 2 healthy pods.',
  ],
  [
    409,
    status('Apply failed', {
      details: {
        causes: [{ reason: 'FieldManagerConflict', field: '.spec.replicas', message: 'conflict with "kubectl"' }],
      },
    }),
    'conflict',
    '.spec.replicas (conflict with "kubectl")',
  ],
  [409, status('x already exists', { reason: 'AlreadyExists' }), 'conflict', 'Nothing was changed: x already exists'],
  [503, 'upstream \u001b[31mdown', 'unreachable', 'upstream down'],
])('HTTP %i is told by who must act', (http, body, code, text) => {
  const error = errorOfStatus(http, body, place)
  expect(error.code).toBe(code)
  expect(error.message).toContain(text)
})

test('why there is no answer is said in words', () => {
  const refused = Object.assign(new Error('x'), { code: 'ECONNREFUSED' })
  expect(unreachable(refused, 'home').message).toBe(
    'The API server of "home" cannot be reached: the connection was refused (ECONNREFUSED).',
  )
  const expired = Object.assign(new Error('x'), { code: 'CERT_HAS_EXPIRED' })
  expect(unreachable(expired, 'home').message).toContain('its certificate was not accepted (CERT_HAS_EXPIRED)')
})
