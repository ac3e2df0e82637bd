import { expect, test } from 'vitest'
import { diffObjects, replacedDigest } from '../src/object-diff.ts'
import type { KubeObject } from '../src/objects.ts'

const config = (data: Record<string, string>, metadata: object = {}): KubeObject => ({
  kind: 'ConfigMap',
  metadata: { name: 'x', ...metadata },
  data,
})

test('members of lists go by name, and what the API server writes is no difference', () => {
  const with_ = (image: string, over: object) => ({
    kind: 'Deployment',
    metadata: { name: 'x', resourceVersion: image, ...over },
    spec: {
      template: {
        spec: {
          containers: [
            { name: 'app', image },
            { name: 'proxy', image: 'p:1' },
          ],
        },
      },
    },
    status: { image },
  })
  const before = with_('a:1', { generation: 1, managedFields: [{}] })
  expect(diffObjects(before, with_('a:2', { generation: 2 }))).toEqual([
    { field: 'spec.template.spec.containers[app].image', from: 'a:1', to: 'a:2' },
  ])
})

test('of a long text only the lines that differ are shown', () => {
  const text = (level: string) => `listen: 8080\nlevel: ${level}\nworkers: 4\n`
  expect(diffObjects(config({ 'app.yaml': text('info') }), config({ 'app.yaml': text('debug') }))).toEqual([
    { field: 'data.app.yaml line 2', from: 'level: info', to: 'level: debug' },
  ])
})

test('a secret that changes is shown to change, and not how', () => {
  const lines = diffObjects(
    config({ 'admin-password': 'planted-old-one' }),
    config({ 'admin-password': 'planted-new-one' }),
  )
  expect(lines).toEqual([{ field: 'data.admin-password', from: '[masked]', to: '[masked] (changed)' }])
  expect(diffObjects(undefined, config({ 'admin-password': 'planted' }))).toContainEqual({
    field: 'data.admin-password',
    from: null,
    to: '[masked]',
  })
})

test('more than a person can check is refused', () => {
  const data = Object.fromEntries(Array.from({ length: 201 }, (_, at) => [`key-${at}`, 'x']))
  expect(() => diffObjects(config({}), config(data))).toThrow('This changes 201 fields')
})

test('the digest moves with what is replaced, and with nothing else', () => {
  const next = config({ a: '2', b: '1' })
  const digest = replacedDigest(config({ a: '1', b: '1' }), next)
  expect(replacedDigest(config({ a: '1', b: '1' }, { resourceVersion: '7' }), next)).toBe(digest)
  expect(replacedDigest(config({ a: '0', b: '1' }), next)).not.toBe(digest)
  expect(replacedDigest(config({ a: '1', b: '0' }), next)).not.toBe(digest)
})
