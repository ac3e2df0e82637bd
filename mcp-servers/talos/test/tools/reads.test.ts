import { expect, test } from 'vitest'
import { stepsOf } from '../../src/tools/health.ts'
import { addResources, type FakeCluster, fakeCluster, service } from '../fake-cluster.ts'
import { ask, serverOn } from '../harness.ts'
import { SECRETS } from '../machine-config.ts'

const node = { node: 'cp-1' }

test('the overview names nodes that do not answer and services in trouble, and goes on without them', async () => {
  const cluster = fakeCluster()
  cluster.node('worker-1').down = true
  cluster.node('cp-2').services = [service('kubelet', { health: 'unhealthy', message: 'connection refused' })]
  expect(await ask(cluster, 'cluster_overview', {})).toMatchObject({
    summary: '3 of 4 nodes ready, 3 of 3 etcd members healthy.',
    items: [
      { node: 'cp-1', ready: true, problems: [] },
      { node: 'cp-2', problems: ['kubelet is unhealthy: connection refused'] },
      { node: 'cp-3' },
      { node: 'worker-1', reachable: false, problems: [expect.stringContaining('cannot be reached')] },
    ],
    etcd: { members: 3, healthy: 3, quorum: 2 },
  })
})

test('etcd that lost its quorum is told as such, although it lists no members then', async () => {
  const cluster = fakeCluster()
  cluster.node('cp-2').down = true
  cluster.node('cp-3').down = true
  const cp1 = cluster.node('cp-1')
  if (cp1.etcd) cp1.etcd = { ...cp1.etcd, leader: '0' }
  cluster.etcdMembers = async () => {
    throw new Error('etcdserver: no leader')
  }
  expect(await ask(cluster, 'etcd_status', {})).toMatchObject({
    summary: 'etcd has lost its quorum: 0 of 3 members are healthy, 2 are needed.',
    items: [{ member: 'cp-1', because: 'it knows no leader' }, { member: 'cp-2' }, { member: 'cp-3' }],
    may_lose: 0,
  })
})

test('the steps of the health check carry the last word on each', () => {
  const lines = [
    'discovered nodes: ["10.5.0.11"]',
    'waiting for etcd to be healthy: ...',
    'waiting for etcd to be healthy: 1 error occurred',
    'waiting for etcd to be healthy: OK',
    'waiting for kubelet to be healthy: 10.5.0.12: connection refused',
    'waiting for kubelet to be healthy: ...',
  ]
  expect(stepsOf(lines)).toEqual([
    { step: 'etcd to be healthy', passed: true, said: null },
    { step: 'kubelet to be healthy', passed: false, said: '10.5.0.12: connection refused' },
  ])
})

test('logs are bounded, searched by plain text, and come without controls and secrets', async () => {
  const cluster = fakeCluster()
  cluster.node('cp-1').log = [
    '\u001b[31mred\u001b[0m text\u202e',
    `joined with token=${SECRETS.registryPassword}`,
    '-----BEGIN PRIVATE KEY-----',
    'bm90IGZvciBhbnlvbmU=',
    '-----END PRIVATE KEY-----',
    'a.c',
    'abc',
  ].join('\n')
  const all = await ask(cluster, 'service_logs', { ...node, service: 'kubelet' })
  expect(all.items).toEqual([
    'red text',
    'joined with token=[masked]',
    '[masked]',
    '[masked]',
    '[masked]',
    'a.c',
    'abc',
  ])
  const { items } = await ask(cluster, 'service_logs', { ...node, service: 'kubelet', grep: 'a.c' })
  expect(items).toEqual(['a.c'])
})

test('a key that the window is cut into is not shown, and what was read before it is not counted', async () => {
  const cluster = fakeCluster()
  const lines = ['-----BEGIN PRIVATE KEY-----', 'bm90IGZvciBhbnlvbmU=', 'Zm9v', '-----END PRIVATE KEY-----', 'ready']
  cluster.node('cp-1').log = lines.join('\n')
  cluster.node('cp-1').dmesg = lines.slice(1).join('\n')
  for (const tool of ['service_logs', 'dmesg'])
    for (let tail = 1; tail <= lines.length; tail += 1) {
      const args = tool === 'dmesg' ? { ...node, tail } : { ...node, tail, service: 'kubelet' }
      const shown = JSON.stringify((await ask(cluster, tool, args)).items)
      expect(shown, `${tool} ${tail}`).not.toMatch(/bm90|Zm9v/)
      expect(shown, `${tool} ${tail}`).toContain('ready')
    }
  cluster.node('cp-1').log = 'a\nb\nc'
  expect(await ask(cluster, 'service_logs', { ...node, service: 'kubelet', tail: 2 })).toMatchObject({
    items: ['b', 'c'],
    truncated: false,
    total: 2,
  })
})

function withConfig(): FakeCluster {
  const cluster = fakeCluster()
  const cp1 = cluster.node('cp-1')
  addResources(cp1, [
    {
      type: 'MachineConfigs.config.talos.dev',
      namespace: 'config',
      id: 'v1alpha1',
      spec: cp1.config.yaml,
      sensitive: true,
    },
    { type: 'OSRootSecrets.secrets.talos.dev', namespace: 'secrets', spec: { token: SECRETS.token }, sensitive: true },
    { type: 'Configs.cluster.talos.dev', namespace: 'config', spec: { key: SECRETS.secretbox } },
    { type: 'KubeSpanIdentities.kubespan.talos.dev', namespace: 'kubespan', spec: { privateKey: SECRETS.wireguard } },
    { type: 'Widgets.sample.talos.dev', namespace: 'secrets', spec: { value: SECRETS.passphrase } },
    { type: 'Gadgets.sample.talos.dev', sensitive: true, spec: { value: SECRETS.passphrase } },
    {
      type: 'LinkSpecs.net.talos.dev',
      namespace: 'network',
      spec: { wireguard: { privateKey: SECRETS.wireguard, peers: [{ presharedKey: SECRETS.preshared }] }, mtu: 1420 },
    },
  ])
  return cluster
}

test('the machine configuration is shown without any of its secrets, and is still of use', async () => {
  const answer = await ask(withConfig(), 'resource_get', { ...node, type: 'machineconfigs', id: 'v1alpha1' })
  const text = JSON.stringify(answer)
  for (const secret of Object.values(SECRETS)) expect(text).not.toContain(secret)
  expect(answer.spec).toMatchObject([
    {
      machine: {
        type: 'controlplane',
        token: '[masked]',
        network: { hostname: 'cp-1' },
        install: { image: expect.stringContaining('metal-installer') },
        sysctls: { 'net.core.somaxconn': '65535' },
        env: { HTTPS_PROXY: '[masked]' },
      },
    },
    { kind: 'ExtensionServiceConfig', environment: ['TS_AUTHKEY=[masked]'] },
  ])
})

test('a configuration that cannot be parsed is not shown at all', async () => {
  const cluster = withConfig()
  for (const one of cluster.node('cp-1').resources)
    if (one.id === 'v1alpha1') one.spec = `machine: [\n  token: ${SECRETS.token}`
  const { spec } = await ask(cluster, 'resource_get', { ...node, type: 'machineconfigs', id: 'v1alpha1' })
  expect(spec).toMatch(/^\[masked\] \(\d+ characters that are not YAML\)$/)
})

test.each(['osrootsecrets', 'Configs.cluster.talos.dev', 'kubespanidentities', 'widgets', 'gadgets'])(
  '%s is refused, in full and in a list',
  async (type) => {
    const cluster = withConfig()
    for (const [tool, more] of [
      ['resource_get', { id: 'one' }],
      ['resources_list', {}],
      ['resource_get', { id: 'one', namespace: 'runtime' }],
    ] as const)
      expect(await ask(cluster, tool, { ...node, type, ...more })).toMatchObject({
        error: { code: 'refused', message: expect.stringContaining('holds secrets') },
      })
  },
)

test('keys in other resources are masked by their name', async () => {
  const { spec } = await ask(withConfig(), 'resource_get', { ...node, type: 'linkspecs', id: 'one' })
  expect(spec).toEqual({ wireguard: { privateKey: '[masked]', peers: [{ presharedKey: '[masked]' }] }, mtu: 1420 })
})

test.each([
  ['node_describe', { node: '--nodes=10.0.0.1' }],
  ['node_describe', { node: '$(reboot)' }],
  ['services', { node: 'cp-1\nx-evil: 1' }],
  ['services', { node: '../cp-1' }],
  ['service_logs', { ...node, service: '../../etc/shadow' }],
  ['resource_get', { ...node, type: 'members', id: '../../x' }],
  ['resource_get', { ...node, type: 'members;rm', id: 'x' }],
  ['events', { ...node, actor: 'a b' }],
  ['upgrade', { ...node, version: 'v1.13.0 --force' }],
  ['upgrade', { ...node, version: 'v1.13.0', image: 'evil.example.com/installer:v1.13.0' }],
  ['etcd_snapshot', { ...node, path: '/etc/cron.d/x' }],
  ['service_restart', { ...node, service: 'kubelet', force: true }],
])('%s refuses %o by its schema, and asks nothing', async (tool, args) => {
  const cluster = fakeCluster()
  const answer = await (await serverOn(cluster)).call(tool, args)
  expect(answer.structuredContent).toMatchObject({ error: { code: 'invalid' } })
  expect(cluster.asked).toEqual([])
})

test('only nodes of the cluster are asked, whatever address is named', async () => {
  expect(await ask(fakeCluster(), 'node_describe', { node: '169.254.169.254' })).toMatchObject({
    error: { code: 'not_found', message: expect.stringContaining('it has cp-1, cp-2, cp-3, worker-1') },
  })
})

test('certificates that end soon are told', async () => {
  const operator = {
    organizations: ['os:operator'],
    role: 'os:operator' as const,
    expires: new Date('2026-11-05T00:00:00Z'),
  }
  expect(await ask({ ...fakeCluster(), operator }, 'clusters_list', {})).toMatchObject({
    items: [{ operator: { days_left: 3 }, nodes: 4, warnings: ['The certificate expires in 3 days.'] }],
  })
})
