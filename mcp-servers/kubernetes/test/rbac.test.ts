import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { parseAllDocuments } from 'yaml'
import { APPLIED_KINDS, DELETED_KINDS, LABELLED_KINDS } from '../src/changeable-kinds.ts'
import type { AccessRule } from '../src/cluster.ts'
import { wellKnown } from '../src/kinds.ts'
import { privilegesOf } from '../src/privileges.ts'

type Role = 'reader' | 'operator'

function may(role: Role): string[] {
  const text = readFileSync(new URL(`../rbac/${role}.yaml`, import.meta.url), 'utf8')
  const documents = parseAllDocuments(text).map((document): { kind: string; rules?: AccessRule[] } => document.toJS())
  return privilegesOf(documents.find(({ kind }) => kind === 'ClusterRole')?.rules ?? [])
}

test.each(['reader', 'operator'] as const)('what the %s may do is on record, one privilege a line', async (role) => {
  await expect(`${may(role).join('\n')}\n`).toMatchFileSnapshot(`golden/${role}.txt`)
})

test('the reader only reads, no Secrets, nothing by wildcard, no way into a pod', () => {
  expect(may('reader').length).toBeGreaterThan(30)
  for (const privilege of may('reader')) {
    expect(privilege).toMatch(/^(get|list) /)
    expect(privilege).not.toMatch(/\*|secrets|\/(?:exec|attach|portforward|proxy)|token/)
  }
})

test('the operator has nothing that leads to more power', () => {
  for (const privilege of may('operator')) {
    expect(privilege).toMatch(/^(get|create|patch|delete) /)
    expect(privilege).not.toMatch(/\*|secrets|roles|bind|escalate|impersonate|webhook|serviceaccounts|customresource/)
    expect(privilege).not.toMatch(/exec|attach|portforward|proxy|ephemeralcontainers|token/)
  }
})

test('the operator may do exactly what the tools offer, kind by kind', () => {
  const named = (verb: string) =>
    may('operator')
      .filter((privilege) => privilege.startsWith(`${verb} `))
      .map((privilege) => privilege.slice(verb.length + 1))
  const resources = (kinds: readonly string[]) =>
    kinds.map((name) => {
      const { plural, group } = wellKnown(name)
      return group ? `${plural}.${group}` : plural
    })
  expect(named('create').sort()).toEqual([...resources(APPLIED_KINDS), 'pods/eviction'].sort())
  expect(named('delete').sort()).toEqual(resources(DELETED_KINDS).sort())
  expect(named('patch').sort()).toEqual(resources(LABELLED_KINDS).sort())
})
