import { describe, expect, test } from 'vitest'
import { patchConfig } from '../../src/machine-config.ts'
import { type FakeCluster, fakeCluster } from '../fake-cluster.ts'
import { ask, change, probe, serverOn } from '../harness.ts'
import { machineConfig, SECRETS } from '../machine-config.ts'

const node = { node: 'cp-1' }
const patch = 'machine: { sysctls: { net.core.somaxconn: "1024", vm.swappiness: "10" } }'
const yaml = machineConfig('cp-1', true)

test('a patch touches what it names: comments, other documents and secrets stay as they are', () => {
  const patched = patchConfig(yaml, patch)
  expect(patched.before).toEqual({
    'machine.sysctls.net.core.somaxconn': '65535',
    'machine.sysctls.vm.swappiness': null,
  })
  expect(patched.yaml).toContain('net.core.somaxconn: "1024" # for the ingress')
  expect(patched.yaml.match(/^---$/gm)).toHaveLength(1)
  expect(patched.yaml).toContain('kind: ExtensionServiceConfig')
  for (const secret of Object.values(SECRETS)) expect(patched.yaml).toContain(secret)
  expect(patchConfig(patched.yaml, patched.inverse).after).toEqual(patched.before)
})

test('lists are replaced whole, and null removes', () => {
  const patched = patchConfig(yaml, '{"machine": {"network": {"nameservers": ["1.1.1.1"]}, "sysctls": null}}')
  expect(patched.after).toEqual({ 'machine.network.nameservers': '["1.1.1.1"]', 'machine.sysctls': null })
  expect(patched.yaml).not.toContain('somaxconn')
})

test.each([
  ['a token', 'machine: { token: x }'],
  ['a key below', 'machine: { ca: { key: x } }'],
  ['a section with everything in it', 'machine: null'],
  ['the kind of machine', 'machine: { type: worker }'],
  ['the disk it is installed on', 'machine: { install: { wipe: true } }'],
  ['files', 'machine: { files: [] }'],
  ['a secret inside a new section', 'machine: { kubelet: { extraConfig: { authToken: x } } }'],
  ['the cluster', 'cluster: { secret: x }'],
  ['the manifests', 'cluster: { inlineManifests: [] }'],
  ['etcd', 'cluster: { etcd: { extraArgs: { a: b } } }'],
])('a patch of %s is refused', (_what, forbidden) => {
  expect(() => patchConfig(yaml, forbidden)).toThrow(/is not changed through this server/)
})

test.each(['[]', 'text', '"machine"', '{', '{}', 'machine: { $patch: delete }', 'a: &a [*a]'])(
  '%s is no patch',
  (wrong) => {
    expect(() => patchConfig(yaml, wrong)).toThrow(/patch/i)
  },
)

describe('config_patch', () => {
  test('is rehearsed by the node, then tried, then kept', async () => {
    const cluster = fakeCluster()
    const done = await change(cluster, 'config_patch', { ...node, patch })
    expect(cluster.asked).toEqual([
      'apply no_reboot (dry) on cp-1',
      'apply no_reboot (dry) on cp-1',
      'apply try on cp-1',
      'apply no_reboot on cp-1',
    ])
    expect(done).toMatchObject({
      diff: [
        { field: 'machine.sysctls.net.core.somaxconn', from: '65535', to: '1024' },
        { field: 'machine.sysctls.vm.swappiness', from: null, to: '10' },
      ],
      undo: { tool: 'config_patch', arguments: { node: 'cp-1' } },
    })
    const { arguments: back } = done.undo as { arguments: Record<string, unknown> }
    await change(cluster, 'config_patch', back)
    expect(cluster.node('cp-1').config.yaml).toBe(patchConfig(yaml, 'machine: {sysctls: {gone: null}}').yaml)
  })

  test('is only tried when it is not to be kept', async () => {
    const cluster = fakeCluster()
    await change(cluster, 'config_patch', { ...node, patch, keep: false })
    expect(cluster.asked.at(-1)).toBe('apply try on cp-1')
  })

  test('is refused when the configuration moved since, by its version alone', async () => {
    const cluster = fakeCluster()
    const { precondition } = await ask(cluster, 'config_patch', { ...node, patch })
    cluster.node('cp-1').config.version += 1
    const real = { ...node, patch, precondition, dry_run: false }
    expect(
      (await (await serverOn(cluster)).call('config_patch', real, { grant: true })).structuredContent,
    ).toMatchObject({
      error: { code: 'conflict', message: expect.stringContaining('generation 3, now 4') },
    })
  })

  test('its probe reads the configuration', async () => {
    const cluster = fakeCluster()
    const args = { ...node, patch, dry_run: false }
    expect(await probe(cluster, 'config_patch', args)).toBe('not_done')
    expect(await probe(cluster, 'config_patch', { ...args, keep: false })).toBe('unknown')
    await change(cluster, 'config_patch', { ...node, patch })
    expect(await probe(cluster, 'config_patch', args)).toBe('done')
  })
})

test('config_dry_run changes nothing, and tells whether the node would reboot', async () => {
  const cluster: FakeCluster = fakeCluster()
  cluster.configAnswer = {
    mode: 'reboot',
    details: `Applied with a reboot\n+ token: ${SECRETS.token}`,
    warnings: ['w'],
  }
  expect(await change(cluster, 'config_dry_run', { ...node, patch })).toMatchObject({
    node_says: { mode: 'reboot', details: 'Applied with a reboot', warnings: ['w'] },
  })
  expect(cluster.asked).toEqual(['apply auto (dry) on cp-1'])
  expect(cluster.node('cp-1').config.version).toBe(3)
})
