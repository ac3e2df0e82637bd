import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { allowed } from './talos/access.ts'
import { etcdOf } from './talos/etcd.ts'
import { createNode, readiness } from './talos/node.ts'
import { loadProtos } from './talos/proto.ts'

type Facts = {
  services: Record<string, Record<string, { path: string; responseStream: boolean }>>
  messages: Record<string, Record<string, { number: number; type: string; repeated?: boolean }>>
}

const path = join(import.meta.dirname, '../../../shared/data/talos/fields.json')
const facts = existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as Facts) : undefined

type Field = { name: string; number: number; label: string }

test.skipIf(!facts)(
  'every field the simulator speaks has the number Talos gives it (skipped without the list of facts)',
  () => {
    let checked = 0
    for (const { name, definition } of loadProtos().services) {
      if (name === 'machine.ImageService') continue
      for (const method of Object.values(definition)) {
        const known = facts?.services[name]?.[method.path.split('/').at(-1) ?? '']
        expect([method.path, method.responseStream], method.path).toEqual([known?.path, known?.responseStream])
      }
    }
    for (const { type, fields } of loadProtos().messages()) {
      const known = facts?.messages[type]
      if (!known) continue
      for (const { name, number, label } of fields as Field[]) {
        expect([number, label === 'LABEL_REPEATED'], `${type}.${name}`).toEqual([
          known[name]?.number,
          known[name]?.repeated ?? false,
        ])
        checked += 1
      }
    }
    expect(checked).toBeGreaterThan(100)
  },
)

test('the roles open what they open in Talos', () => {
  expect(allowed(['os:reader'], 'ServiceList')).toBe(true)
  expect(allowed(['os:reader'], 'Reboot')).toBe(false)
  expect(allowed(['os:operator'], 'Reboot')).toBe(true)
  expect(allowed(['os:operator'], 'ApplyConfiguration')).toBe(false)
  expect(allowed(['os:admin'], 'ApplyConfiguration')).toBe(true)
  expect(allowed([], 'Version')).toBe(false)
})

const nodes = () =>
  [1, 2, 3].map((member) =>
    createNode({ name: `cp-${member}`, address: '', controlPlane: true, version: 'v1.12.4', bootedAt: 0, member }),
  )

test('etcd keeps its quorum with two of three, and loses its leader with one', () => {
  const [one, two, three] = nodes()
  if (!one || !two || !three) throw new Error('there are three')
  expect(etcdOf([one, two, three])).toMatchObject({ hasQuorum: true, leader: one })
  one.stage = 'off'
  expect(etcdOf([one, two, three])).toMatchObject({ hasQuorum: true, leader: two })
  if (two.etcd) two.etcd.sick = 'full'
  expect(etcdOf([one, two, three])).toMatchObject({ hasQuorum: false, leader: undefined })
})

test('a node is not ready while a service is ill', () => {
  const [node] = nodes()
  if (!node) throw new Error('there is one')
  expect(readiness(node)).toEqual([])
  for (const service of node.services) if (service.id === 'kubelet') service.healthy = false
  expect(readiness(node)).toHaveLength(1)
})
