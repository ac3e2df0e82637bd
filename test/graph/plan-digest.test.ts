import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type IncidentStatus, waysTo } from '../../src/domain/incident.ts'
import type { Json, JsonObject } from '../../src/domain/json.ts'
import { planDigest, shortDigest, targetName } from '../../src/domain/plan.ts'
import { action, plan } from '../chat/views.ts'

const args = fc.dictionary(
  fc.string({ minLength: 1 }).filter((key) => key !== '__proto__'),
  fc.jsonValue(),
  { minKeys: 1 },
)
const digestOf = (given: JsonObject) => planDigest(plan([action({ arguments: given })]).body)

test('the order in which arguments were written does not change the digest', () => {
  fc.assert(
    fc.property(args, (given) => {
      const turned = Object.fromEntries(Object.entries(given).reverse()) as JsonObject
      expect(digestOf(turned)).toBe(digestOf(given as JsonObject))
    }),
  )
})

test('any argument that is changed, added or taken away changes it', () => {
  fc.assert(
    fc.property(args, fc.jsonValue(), fc.nat(), (given, value, at) => {
      const keys = Object.keys(given)
      const key = keys[at % keys.length] ?? ''
      const { [key]: before, ...fewer } = given
      if (JSON.stringify(before) !== JSON.stringify(value))
        expect(digestOf({ ...given, [key]: value as Json } as JsonObject)).not.toBe(digestOf(given as JsonObject))
      expect(digestOf(fewer as JsonObject)).not.toBe(digestOf(given as JsonObject))
    }),
    // JSON has one zero, and so has canonical JSON.
    { examples: [[{ a: 1 }, 2, 0]] },
  )
})

test('everything else that matters is in it too', () => {
  const base = plan()
  const changed = [
    plan([action({ tool: 'kubernetes.scale' })]),
    plan([action({ contract: 'other' })]),
    plan([action({ effect: 'destructive' })]),
    plan([action({ target: { ...action().target, uid: 'another' } })]),
    plan([action({ wayBack: { none: 'none' } })]),
    plan([action(), action()]),
    plan([action()], { incident: 1 }),
    plan([action()], { round: 2 }),
    plan([action()], { purpose: 'undo' }),
    plan([action()], { runbook: null }),
    plan([action()], { verify: [] }),
    plan([action()], { inputs: { namespace: 'other' } }),
  ]
  const digests = new Set([base, ...changed].map(({ body }) => planDigest(body)))
  expect(digests.size).toBe(changed.length + 1)
})

test('the digits people compare are the first six', () => {
  expect(shortDigest('wk1:9f3ca1dd')).toBe('9f3c-a1')
})

test('a target is named so that two things never share a lease', () => {
  const { target } = action()
  expect(targetName(target)).toBe('talos-main/deployment/media/radarr')
  expect(targetName({ ...target, kind: 'Node', namespace: null, name: 'w1' })).toBe('talos-main/node/w1')
})

const statuses: IncidentStatus[] = [
  'open',
  'waiting',
  'running',
  'verifying',
  'watching',
  'snoozed',
  'ignored',
  'closed',
]

test('a status may always stay, and every open one may end', () => {
  for (const status of statuses) {
    expect(waysTo(status)).toContain(status)
    expect(waysTo('closed')).toContain(status)
  }
})

test('what is closed only opens again, what runs is not put to sleep, and quiet does not run', () => {
  expect(statuses.filter((to) => waysTo(to).includes('closed'))).toEqual(['open', 'closed'])
  expect(statuses.filter((to) => waysTo(to).includes('running'))).not.toContain('snoozed')
  for (const quiet of ['snoozed', 'ignored'] as const) {
    for (const busy of ['running', 'waiting', 'verifying'] as const) expect(waysTo(busy)).not.toContain(quiet)
  }
})
