import { existsSync } from 'node:fs'
import { expect, test } from 'vitest'
import { OWN_SERVERS } from '../../src/tools/rules.ts'
import { ownServers, ownServersAlone, STARTED_BY } from '../../src/tools/server-entries.ts'

const everything = {
  kubeconfig: '/k',
  kubeconfigOperator: '/ko',
  talosconfig: '/t',
  talosconfigOperator: '/to',
  talosSnapshotDir: '/ts',
  proxmoxConfig: '/p',
  prometheus: { url: 'http://p:9090', token: 't' },
  knowledgeApi: { url: 'http://127.0.0.1:8484', token: 'k' },
}

test('each of our servers is started where its credentials are, with those and nothing else', () => {
  const servers = ownServers(everything)
  expect([...servers.keys()]).toEqual(OWN_SERVERS)
  expect([...servers.values()].map((entry) => ('env' in entry ? entry.env : undefined))).toEqual([
    { KUBECONFIG: '/k', KUBECONFIG_OPERATOR: '/ko' },
    { PROXMOX_CONFIG: '/p' },
    { TALOSCONFIG: '/t', TALOSCONFIG_OPERATOR: '/to', TALOS_SNAPSHOT_DIR: '/ts' },
    { PROMETHEUS_URL: 'http://p:9090', PROMETHEUS_TOKEN: 't' },
    { WATCHKEEPER_URL: 'http://127.0.0.1:8484', KNOWLEDGE_TOKEN: 'k' },
  ])
  for (const entry of servers.values()) expect(entry.declared).toBeUndefined()
})

test('what limits our servers, and how they may get at a credential, reaches each that is started', () => {
  const limited = { mcpReadOnly: true, mcpDeny: ['statefulset', '*/vault'] }
  const servers = ownServers({
    ...everything,
    ...limited,
    kubeconfigAllowExec: true,
    proxmoxProtectedTags: ['etcd', 'nas'],
  })
  for (const entry of servers.values())
    expect(entry).toMatchObject({ env: { MCP_READ_ONLY: '1', MCP_DENY: 'statefulset,*/vault' } })
  expect(servers.get('kubernetes')).toMatchObject({ env: { KUBECONFIG_ALLOW_EXEC: '1' } })
  expect(servers.get('proxmox')).toMatchObject({ env: { PROXMOX_PROTECTED_TAGS: 'etcd,nas' } })
})

test('in a pod the cluster is reached by its service account, where no kubeconfig is named', () => {
  const inCluster = { host: '10.96.0.1', port: 443 }
  const env = { KUBERNETES_SERVICE_HOST: '10.96.0.1', KUBERNETES_SERVICE_PORT: '443' }
  expect(ownServers({ inCluster }).get('kubernetes')).toMatchObject({ env })
  expect(ownServers({ inCluster, kubeconfig: '/k' }).get('kubernetes')).toMatchObject({ env: { KUBECONFIG: '/k' } })
  expect(ownServers({ inCluster, kubeconfigOperator: '/ko' }).size).toBe(0)
})

test('nothing is started without credentials, and an operator alone is none', () => {
  expect(ownServers({}).size).toBe(0)
  expect(ownServers({ kubeconfigOperator: '/ko', talosconfigOperator: '/to' }).size).toBe(0)
})

test('what starts a server is told for each', () => {
  expect(Object.keys(STARTED_BY)).toEqual(OWN_SERVERS)
})

test('the files that are started are there', () => {
  for (const entry of ownServers(everything).values())
    expect(existsSync('args' in entry ? (entry.args[0] ?? '') : '')).toBe(true)
})

test('without credentials each is told to reach nothing', () => {
  const servers = ownServersAlone()
  expect([...servers.keys()]).toEqual(OWN_SERVERS)
  for (const entry of servers.values())
    expect(entry).toMatchObject({ args: [expect.stringContaining('main.ts'), '--no-platform'], env: {} })
})
