import { existsSync } from 'node:fs'
import { expect, test } from 'vitest'
import { OWN_SERVERS } from '../../src/tools/rules.ts'
import { ownServers, STARTED_BY } from '../../src/tools/server-entries.ts'

const everything = {
  kubeconfig: '/k',
  kubeconfigOperator: '/ko',
  talosconfig: '/t',
  talosconfigOperator: '/to',
  talosSnapshotDir: '/ts',
  proxmoxConfig: '/p',
}

test('each of our servers is started where its credentials are, with those and nothing else', () => {
  const servers = ownServers(everything)
  expect([...servers.keys()]).toEqual(OWN_SERVERS)
  expect([...servers.values()].map((entry) => ('env' in entry ? entry.env : undefined))).toEqual([
    { KUBECONFIG: '/k', KUBECONFIG_OPERATOR: '/ko' },
    { PROXMOX_CONFIG: '/p' },
    { TALOSCONFIG: '/t', TALOSCONFIG_OPERATOR: '/to', TALOS_SNAPSHOT_DIR: '/ts' },
  ])
  for (const entry of servers.values()) expect(entry.declared).toBeUndefined()
})

test('nothing is started without credentials, and an operator alone is none', () => {
  expect(ownServers({}).size).toBe(0)
  expect(ownServers({ kubeconfigOperator: '/ko', talosconfigOperator: '/to' }).size).toBe(0)
})

test('what starts a server is told for each', () => {
  expect(Object.keys(STARTED_BY)).toEqual(OWN_SERVERS)
})

test('the file that is started is there', () => {
  const [{ args: [main = ''] = [] } = {}] = [...ownServers({ kubeconfig: '/k' }).values()].map((entry) =>
    'args' in entry ? entry : {},
  )
  expect(existsSync(main)).toBe(true)
})
