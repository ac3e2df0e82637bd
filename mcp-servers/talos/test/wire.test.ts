import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { loadWire } from '../src/wire/codec.ts'
import { ENUMS, MESSAGES } from '../src/wire/messages.ts'
import { METHODS, type MethodSpec } from '../src/wire/methods.ts'

type Facts = {
  services: Record<string, Record<string, { request: string; response: string; responseStream: boolean }>>
  messages: Record<string, Record<string, { number: number; type: string; repeated?: boolean }>>
  enums: Record<string, Record<string, number>>
}

const path = join(import.meta.dirname, '../../../../shared/data/talos/fields.json')
const facts = existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as Facts) : undefined

/** Not in the list of facts: what events carry, and the pull that comes before a streamed upgrade. */
const BEYOND = /Event$|^common\.Error$|^machine\.ImageService/

test.skipIf(!facts)(
  'every message, field, enum and method is as Talos has it (skipped without the list of facts)',
  () => {
    for (const [type, fields] of Object.entries(MESSAGES).filter(([name]) => !BEYOND.test(name)))
      for (const [name, [number, kind]] of Object.entries(fields)) {
        const { number: real, type: realType, repeated = false } = facts?.messages[type]?.[name] ?? {}
        expect([number, kind], `${type}.${name}`).toEqual([real, `${realType}${repeated ? '[]' : ''}`])
      }
    for (const [type, values] of Object.entries(ENUMS)) expect(values, type).toEqual(facts?.enums[type])
    for (const [name, spec] of Object.entries(METHODS as Record<string, MethodSpec>)) {
      if (name.includes('ImageService')) continue
      const [service = '', method = ''] = name.split('/')
      const { request, response, responseStream } = facts?.services[service]?.[method] ?? {}
      expect([spec.request, spec.response, spec.stream ?? false], name).toEqual([request, response, responseStream])
    }
  },
)

test('every message that a method or field names is there', () => {
  const known = new Set([...Object.keys(MESSAGES), ...Object.keys(ENUMS)])
  const named = Object.values(MESSAGES).flatMap((fields) =>
    Object.values(fields).map(([, kind]) => kind.replace('[]', '')),
  )
  const methods = Object.values(METHODS).flatMap(({ request, response }) => [request, response])
  const unknown = [...named, ...methods].filter((type) => type.includes('.') && !known.has(type))
  expect(unknown).toEqual([])
})

test('numbers beyond a double come whole, and absent is told from 0 where it matters', async () => {
  const wire = await loadWire()
  const status = wire.method('machine.MachineService/EtcdStatus')
  const reply = Buffer.from('0a0d120b50ffffffffffffffffff01', 'hex')
  expect(status.deserialize(reply)).toMatchObject({
    messages: [{ member_status: { member_id: '18446744073709551615', db_size: '0', errors: [] } }],
  })
  const upgrade = wire.method('machine.LifecycleService/Upgrade')
  expect(upgrade.deserialize(Buffer.from([0x0a, 0x02, 0x10, 0x00]))).toMatchObject({
    progress: { response: 'exit_code', exit_code: 0 },
  })
  expect(upgrade.deserialize(Buffer.from([0x0a, 0x03, 0x0a, 0x01, 0x78]))).toEqual({
    progress: { response: 'message', message: 'x' },
  })
})
