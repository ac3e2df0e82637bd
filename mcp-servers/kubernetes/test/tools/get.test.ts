import { expect, test } from 'vitest'
import { fakeCluster, shop } from '../fake-cluster.ts'
import { ask } from '../harness.ts'

test('a Secret shows its keys and sizes, never a value', async () => {
  const secret = {
    apiVersion: 'v1',
    kind: 'Secret',
    type: 'Opaque',
    metadata: {
      name: 'db',
      namespace: 'shop',
      annotations: {
        'kubectl.kubernetes.io/last-applied-configuration': '{"data":{"password":"aHVudGVyMg=="}}',
        note: 'kept',
      },
      managedFields: [{ manager: 'kubectl' }],
    },
    data: { password: 'aHVudGVyMg==', 'tls.key': 'LS0tLS1CRUdJTg==' },
    stringData: { plain: 'hunter2' },
  }
  const answer = await ask(fakeCluster([secret]), 'get', { kind: 'Secret', namespace: 'shop', name: 'db' })
  expect(answer.object).toMatchObject({
    kind: 'Secret',
    type: 'Opaque',
    data: { password: '[masked] (12 characters)', 'tls.key': '[masked] (16 characters)' },
    metadata: { name: 'db', annotations: { note: 'kept' } },
  })
  expect(JSON.stringify(answer)).not.toMatch(/aHVudGVyMg|LS0tLS1|hunter2|managedFields|last-applied/)
})

test('environment values, command lines and config files that look secret are masked; the rest is kept', async () => {
  const cluster = shop()
  cluster.put({
    kind: 'Pod',
    metadata: { name: 'leaky', namespace: 'shop' },
    spec: {
      containers: [
        {
          name: 'app',
          env: [
            { name: 'DB_PASSWORD', value: 'hunter2' },
            { name: 'LOG_LEVEL', value: 'info' },
            { name: 'API_TOKEN', valueFrom: { secretKeyRef: { name: 'api', key: 'token' } } },
          ],
          args: ['--admin-password', 'swordfish', '--token=abcdef123', '--verbose'],
        },
      ],
    },
  })
  cluster.put({
    kind: 'ConfigMap',
    metadata: { name: 'app', namespace: 'shop' },
    data: {
      'app.conf': 'url = postgres://app:s3cr3tpw@db/app\nlevel = info\n',
      'admin-password': 'hunter2',
      kubeconfig: 'kind: Config',
    },
  })
  const pod = JSON.stringify(await ask(cluster, 'get', { kind: 'Pod', namespace: 'shop', name: 'leaky' }))
  expect(pod).not.toMatch(/hunter2|swordfish|abcdef123/)
  expect(pod).toContain('"value":"info"')
  expect(pod).toContain('"secretKeyRef":{"name":"api","key":"token"}')
  const config = JSON.stringify(await ask(cluster, 'get', { kind: 'ConfigMap', namespace: 'shop', name: 'app' }))
  expect(config).not.toMatch(/s3cr3tpw|hunter2|kind: Config/)
  expect(config).toContain('level = info')
})

test('a namespaced kind without its namespace is asked for it', async () => {
  expect(await ask(shop(), 'get', { kind: 'Pod', name: 'cart-abc-1' })).toMatchObject({
    error: { message: 'A Pod lives in a namespace: say which.' },
  })
})
