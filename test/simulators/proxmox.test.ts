import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { createTokens, demandRule, holds } from './proxmox/access.ts'
import { ACTORS } from './proxmox/acting.ts'
import { answerFaults, faultsOf, routeOf } from './proxmox/check.ts'
import { ENDPOINTS } from './proxmox/endpoints.ts'
import { READERS } from './proxmox/reading.ts'

const published =
  process.env.PROXMOX_ENDPOINTS ?? join(import.meta.dirname, '../../../shared/data/proxmox/endpoints.json')

type Field = { type?: string; optional?: number; enum?: unknown[] }
type Published = {
  method: string
  path: string
  parameters: Record<string, Field>
  permissions: unknown
  tokenAllowed: boolean
  returns: { type: string; properties?: Record<string, Field>; items?: Record<string, Field> }
}

test.skipIf(!existsSync(published))(
  "the table says what Proxmox VE's published schema says (skipped where that is not at hand)",
  () => {
    const all = JSON.parse(readFileSync(published, 'utf8')) as Published[]
    const wrong: string[] = []
    for (const [name, endpoint] of Object.entries(ENDPOINTS)) {
      const real = all.find(({ method, path }) => `${method} ${path}` === name)
      if (!real) {
        wrong.push(`${name} is not published`)
        continue
      }
      if (!real.tokenAllowed) wrong.push(`${name} takes no token`)
      const params = Object.entries(real.parameters).filter(([key]) => !real.path.includes(`{${key}}`))
      for (const [key, type] of Object.entries(endpoint.takes ?? {})) {
        const field = params.find(([other]) => other === key)?.[1]
        if (!field || !agrees(type, field)) wrong.push(`${name} takes ${key}: ${JSON.stringify(field)}, not ${type}`)
      }
      for (const [key, field] of params)
        if (!field.optional && !(key in (endpoint.takes ?? {}))) wrong.push(`${name} wants ${key}`)
      const fields = real.returns.properties ?? real.returns.items ?? {}
      for (const [key, type] of Object.entries(endpoint.gives ?? endpoint.lists ?? {})) {
        const field = fields[key]
        if (!field || !agrees(type, field)) wrong.push(`${name} gives ${key}: ${JSON.stringify(field)}, not ${type}`)
      }
      const kind = endpoint.lists ? 'array' : endpoint.gives ? 'object' : endpoint.answers
      if (kind !== real.returns.type) wrong.push(`${name} answers ${real.returns.type}, not ${kind}`)
      if (!permitted(endpoint.may, real.permissions)) wrong.push(`${name}: ${JSON.stringify(real.permissions)}`)
    }
    expect(wrong).toEqual([])
    expect(Object.keys(ENDPOINTS).length).toBeGreaterThan(50)
  },
)

function agrees(type: string, field: Field): boolean {
  const plain = type.replace(/\?$/, '')
  const same = plain === field.enum?.join('|') || plain === (field.type ?? 'string')
  return same && type.endsWith('?') === Boolean(field.optional)
}

/** Every privilege and the path of our rule stand in the published one. */
function permitted(may: string, permissions: unknown): boolean {
  if (may === 'all') return permissions === 'all'
  const [privileges = '', path = ''] = may.split(' on ')
  const text = JSON.stringify(permissions)
  return text.includes(JSON.stringify(path)) && privileges.split('|').every((one) => text.includes(JSON.stringify(one)))
}

test('every endpoint of the table is answered by something', () => {
  const open = Object.keys(ENDPOINTS).filter((name) => {
    const both = name.replace(/\/(qemu|lxc)\//, '/{kind}/')
    return ![name, both].some((one) => one in READERS || one in ACTORS)
  })
  expect(open).toEqual([])
})

test('requests are checked by the table', () => {
  const route = routeOf('POST', '/nodes/pve1/qemu/100/snapshot')
  if (!route) throw new Error('no route')
  expect(route.path).toEqual({ node: 'pve1', vmid: '100' })
  expect(faultsOf(route, { snapname: 'x1', vmstate: '0' })).toEqual({})
  expect(Object.keys(faultsOf(route, { vmstate: 'true', ram: '1' }))).toEqual(['snapname', 'vmstate', 'ram'])
  const bad = routeOf('GET', '/nodes/pve1/qemu/99/config')
  expect(bad && Object.keys(faultsOf(bad, {}))).toEqual(['vmid'])
  const metrics = routeOf('GET', '/nodes/pve1/lxc/200/rrddata')
  expect(metrics && faultsOf(metrics, { timeframe: 'minute' }).timeframe).toContain('enumeration')
  expect(routeOf('DELETE', '/nodes/pve1/qemu/100')).toBeUndefined()
})

test('answers are checked by the table', () => {
  const route = routeOf('GET', '/nodes/pve1/tasks')
  if (!route) throw new Error('no route')
  const row = {
    upid: 'UPID:x',
    node: 'pve1',
    pid: 1,
    pstart: 1,
    starttime: 1,
    type: 'vzdump',
    id: '100',
    user: 'root@pam',
  }
  expect(answerFaults(route, [row])).toEqual([])
  expect(answerFaults(route, [{ ...row, pid: 'x', extra: 1 }])).toHaveLength(2)
  expect(answerFaults(route, [{ ...row, upid: undefined }])).toHaveLength(1)
  expect(answerFaults(route, {})).toHaveLength(1)
})

test('a privilege counts for everything below its path, and what is missing is named', () => {
  const { operator, powerless } = createTokens()
  expect(holds(operator, 'VM.PowerMgmt', '/vms/100')).toBe(true)
  expect(() => demandRule(powerless, 'VM.PowerMgmt on /vms/{vmid}', { vmid: '100' })).toThrow(
    'Permission check failed (/vms/100, VM.PowerMgmt)',
  )
  powerless.acl['/vms/100'] = ['VM.PowerMgmt']
  expect(() => demandRule(powerless, 'VM.PowerMgmt on /vms/{vmid}', { vmid: '100' })).not.toThrow()
})
