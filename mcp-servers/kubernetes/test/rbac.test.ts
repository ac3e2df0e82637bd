import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { parseAllDocuments } from 'yaml'

type Rule = { apiGroups: string[]; resources: string[]; verbs: string[] }

function rules(role: 'reader' | 'operator'): Rule[] {
  const text = readFileSync(new URL(`../rbac/${role}.yaml`, import.meta.url), 'utf8')
  const documents = parseAllDocuments(text).map((document): { kind: string; rules?: Rule[] } => document.toJS())
  return documents.find(({ kind }) => kind === 'ClusterRole')?.rules ?? []
}

const may = (role: 'reader' | 'operator') =>
  rules(role).flatMap(({ apiGroups, resources, verbs }) =>
    apiGroups.flatMap((group) =>
      resources.flatMap((resource) => verbs.map((verb) => `${verb} ${resource}${group ? `.${group}` : ''}`)),
    ),
  )

test('the reader only reads, no Secrets, nothing by wildcard, no way into a pod', () => {
  expect(may('reader').length).toBeGreaterThan(30)
  for (const privilege of may('reader')) {
    expect(privilege).toMatch(/^(get|list) /)
    expect(privilege).not.toMatch(/\*|secrets|\/(?:exec|attach|portforward|proxy)|token/)
  }
})

test('the operator may patch three kinds of workload and do nothing else', () => {
  expect(may('operator')).toEqual([
    'get daemonsets.apps',
    'patch daemonsets.apps',
    'get deployments.apps',
    'patch deployments.apps',
    'get statefulsets.apps',
    'patch statefulsets.apps',
  ])
})
