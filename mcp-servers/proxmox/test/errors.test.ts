import { expect, test } from 'vitest'
import { errorOfStatus, unreachable } from '../src/proxmox-errors.ts'

const place = { about: 'guest 100', role: 'operator', token: 'w@pve!op', cluster: 'home', node: 'pve1' } as const
const said = (status: number, reason: string, body = '') => {
  const { code, message, retryable } = errorOfStatus(status, reason, body, place)
  return [code, message, retryable] as const
}

test.each([
  [403, 'Permission check failed (/vms/100, VM.PowerMgmt)', 'forbidden', 'lacks VM.PowerMgmt on /vms/100'],
  [
    403,
    'Permission check failed (/vms/100, VM.GuestAgent.Audit|VM.GuestAgent.Unrestricted)',
    'forbidden',
    'lacks VM.GuestAgent.Audit or VM.GuestAgent.Unrestricted on /vms/100',
  ],
  [403, 'no', 'forbidden', 'may not do this to guest 100'],
  [401, 'invalid token value!', 'forbidden', 'did not accept the operator token w@pve!op'],
  [595, 'No route to host', 'unreachable', 'Node pve1 cannot be reached'],
  [596, 'Connection timed out', 'unreachable', 'Node pve1 cannot be reached'],
  [
    500,
    "Configuration file 'nodes/pve1/qemu-server/100.conf' does not exist",
    'not_found',
    'Guest 100 is no longer where it was',
  ],
  [500, 'no such task', 'not_found', 'There is no guest 100'],
  [500, 'VM is locked (backup)', 'refused', 'locked by other work'],
  [
    500,
    'detected modified configuration - file changed by other user? Try again.',
    'conflict',
    'changed by somebody else',
  ],
  [500, 'VM 100 not running', 'refused', 'VM 100 not running'],
  [502, 'Bad Gateway', 'unreachable', 'HTTP 502'],
])('%i %s is %s', (status, reason, code, text) => {
  const [got, message] = said(status, reason)
  expect(got).toBe(code)
  expect(message).toContain(text)
})

test('faults of parameters are told by name, bounded and in one line', () => {
  const errors = { memory: 'type check failed\n', cores: 'x'.repeat(900) }
  const [code, message] = said(400, 'Parameter verification failed.', JSON.stringify({ data: null, errors }))
  expect(code).toBe('invalid')
  expect(message).toContain('memory: type check failed; cores: x')
  expect(message.length).toBeLessThan(600)
  expect(message).not.toContain('\n')
})

test('only what may come right by itself is worth another try', () => {
  expect([said(595, 'x')[2], said(403, 'x')[2], said(500, 'x')[2]]).toEqual([true, false, false])
})

test('why nothing answered is said in words, also from inside a cause', () => {
  const refused = Object.assign(new Error('x'), { code: 'ECONNREFUSED' })
  expect(unreachable(refused, 'home').message).toContain('the connection was refused')
  expect(unreachable(new Error('fetch failed', { cause: refused }), 'home').message).toContain(
    'the connection was refused',
  )
  const chain = Object.assign(new Error('x'), { code: 'SELF_SIGNED_CERT_IN_CHAIN' })
  expect(unreachable(chain, 'home').message).toContain('set its CA file or its fingerprint')
})
