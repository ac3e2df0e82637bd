import { afterAll, expect, test } from 'vitest'
import { levelOf } from '../../src/autonomy/levels.ts'
import { policyNow, setPolicy } from '../../src/autonomy/policy-setting.ts'
import { recordTrust } from '../../src/autonomy/trust.ts'
import { findIncident } from '../../src/incidents/incident-rows.ts'
import { seedIncident } from '../approvals/seed.ts'
import { action, plan } from '../chat/views.ts'
import { testDatabase } from '../support/postgres.ts'

const db = await testDatabase()
const { sql } = db
afterAll(db.close)

const change = async (level: string, version: string, scope = 'homelab') =>
  sql`insert into level_changes (runbook_id, runbook_version, scope, level, by, because)
      values ('mend', ${version}, ${scope}, ${level}, 'alice', 'for a test')`

test('everything starts at manual; the newest change of a version and a place counts', async () => {
  const at = (version: string, scope = 'homelab') => levelOf(sql, { id: 'mend', version }, scope)
  expect(await at('v1')).toEqual({ level: 'manual', change: null })
  await change('standard', 'v1')
  expect(await at('v1')).toEqual({ level: 'standard', change: 1 })
  expect(await at('v1', 'other')).toEqual({ level: 'manual', change: null })
  expect(await at('v2')).toEqual({ level: 'manual', change: null })
  await change('manual', 'v1')
  expect(await at('v1')).toEqual({ level: 'manual', change: 2 })
  await change('prompted', 'v2')
  expect(await at('v1')).toEqual({ level: 'manual', change: null })
})

test('the policy is VERBOSE until somebody says otherwise, and a start does not overrule people', async () => {
  expect(await policyNow(sql)).toBe('VERBOSE')
  await setPolicy(sql, 'NORMAL', 'configuration', { unlessSet: true })
  expect(await policyNow(sql)).toBe('NORMAL')
  await setPolicy(sql, 'FROZEN', 'alice')
  await setPolicy(sql, 'NORMAL', 'configuration', { unlessSet: true })
  expect(await policyNow(sql)).toBe('FROZEN')
})

test('a round is in the record once, under its version, its kinds of action and its place', async () => {
  const incident = await findIncident(sql, await seedIncident(sql))
  if (!incident) throw new Error('no incident')
  const made = plan([action(), action({ tool: 'kubernetes.scale', effect: 'destructive' })], { incident: incident.id })
  const credit = { outcome: 'fixed', decision: 'approved', credit: 'success', because: 'held' } as const
  await recordTrust(sql, { plan: made, incident, ...credit })
  await recordTrust(sql, { plan: made, incident, ...credit, credit: 'failure' })
  const rows = await sql`select runbook_id, runbook_version, action_class, scope, credit from trust`
  expect(rows).toEqual([
    {
      runbook_id: 'pod-oom-killed',
      runbook_version: 'ab12cd34ef56',
      action_class: 'kubernetes.scale:destructive,kubernetes.set_resources:write',
      scope: made.body.cluster,
      credit: 'success',
    },
  ])
  await recordTrust(sql, { plan: plan([action()], { runbook: null }), incident, ...credit })
  expect(await sql`select 1 from trust`).toHaveLength(1)
})
