import { expect, test } from 'vitest'
import { wellKnown } from '../src/kinds.ts'
import { readManifest } from '../src/manifest.ts'
import { podHazards } from '../src/pod-hazards.ts'
import { protectedKey } from '../src/protected-keys.ts'

const ref = { kind: wellKnown('ConfigMap'), namespace: 'shop', name: 'x' }
const yaml = 'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: x\ndata:\n  a: "1"\n'

test('YAML and JSON read alike; what a live object carries of its own is left out', async () => {
  const copied = {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'x', namespace: 'shop', uid: 'u', resourceVersion: '7', managedFields: [] },
    data: { a: '1' },
    status: { any: 'thing' },
  }
  const read = await readManifest(yaml, ref)
  expect(read).toEqual({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'x', namespace: 'shop' },
    data: { a: '1' },
  })
  expect(await readManifest(JSON.stringify(copied), ref)).toEqual(read)
})

test.each([
  ['nothing', '""', 'must be one object'],
  ['a list', '[]', 'must be one object'],
  ['two documents', `${yaml}---\n${yaml}`, 'cannot be read'],
  ['broken JSON', '{"a":', 'cannot be read'],
  ['another kind', yaml.replace('ConfigMap', 'Secret'), 'it is v1 Secret, not v1 ConfigMap'],
  ['another version', yaml.replace('v1', 'v2'), 'it is v2 ConfigMap'],
  ['another name', yaml.replace('name: x', 'name: z'), 'named shop/z'],
  ['an owner', yaml.replace('name: x', 'name: x\n  finalizers: [a]'), 'not finalizers'],
])('%s is refused', async (_what, text, because) => {
  await expect(readManifest(text, ref)).rejects.toThrow(because)
})

test('YAML is read as kubectl reads it, and no field is left out because nobody here knows it', async () => {
  const volume = 'spec:\n  suspend: off\n  mode: 0644\n  newField: { inner: yes }\n'
  expect(await readManifest(`${yaml}${volume}`, ref)).toMatchObject({
    spec: { suspend: false, mode: 420, newField: { inner: true } },
  })
})

test('a few aliases that unfold into a forest are refused at once', async () => {
  const levels = Array.from({ length: 12 }, (_, at) =>
    at === 0
      ? 'a0: &a0 [x,x,x,x,x,x,x,x]'
      : `a${at}: &a${at} [${Array(8)
          .fill(`*a${at - 1}`)
          .join(',')}]`,
  )
  const started = performance.now()
  await expect(readManifest(`${yaml}${levels.join('\n')}\n`, ref)).rejects.toThrow(
    /more than 20000 fields|Excessive alias count/,
  )
  expect(performance.now() - started).toBeLessThan(2_000)
})

test('what gives a pod its node is found in every kind of container', () => {
  expect(podHazards({ spec: { containers: [{ name: 'x', securityContext: { runAsUser: 1 } }] } })).toEqual([])
  expect(podHazards({ spec: { initContainers: [{ securityContext: { privileged: true } }], hostIPC: true } })).toEqual([
    'hostIPC',
    'privileged',
  ])
})

test.each([
  ['app', false],
  ['app.kubernetes.io/name', false],
  ['example.com/team', false],
  ['notargoproj.io/x', false],
  ['argocd.argoproj.io/sync-wave', true],
  ['source.toolkit.fluxcd.io/name', true],
  ['pod-security.kubernetes.io/enforce-version', true],
  ['kubernetes.io/metadata.name', true],
  ['app.kubernetes.io/instance', true],
])('the key %s is protected: %s', (key, expected) => {
  expect(protectedKey(key) !== undefined).toBe(expected)
})
