import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ConfigurationError } from '@watchkeeper/mcp-shared'
import { expect, test } from 'vitest'
import { clusterAccess } from '../src/kubernetes-config.ts'

const folder = mkdtempSync(join(tmpdir(), 'kubeconfig-'))

type Part = { name: string; server?: string; user?: object; cluster?: object }

function kubeconfig(...parts: Part[]): string {
  const path = join(folder, `${crypto.randomUUID()}.yaml`)
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: parts.map(({ name, server, cluster }) => {
      return { name, cluster: { server: server ?? `https://${name}:6443`, ...cluster } }
    }),
    users: parts.map(({ name, user }) => ({ name, user: user ?? { token: 'planted-token' } })),
    contexts: parts.map(({ name }) => ({ name, context: { cluster: name, user: name } })),
    'current-context': parts[0]?.name,
  }
  writeFileSync(path, JSON.stringify(config))
  return path
}

function problems(env: Record<string, string>, contexts: string[] = []): string {
  try {
    clusterAccess({ env, contexts, readOnly: false })
    return ''
  } catch (error) {
    if (error instanceof ConfigurationError) return error.problems.join('\n')
    throw error
  }
}

test('the current context is served, or the named ones in their order', () => {
  const env = { KUBECONFIG: kubeconfig({ name: 'home' }, { name: 'cabin' }) }
  const names = (contexts: string[]) => clusterAccess({ env, contexts, readOnly: false }).map(({ name }) => name)
  expect(names([])).toEqual(['home'])
  expect(names(['cabin', 'home', 'cabin'])).toEqual(['cabin', 'home'])
})

test('changes use the operator, reads the reader; read-only never opens the operator', () => {
  const user = { token: 'operator-token' }
  const env = { KUBECONFIG: kubeconfig({ name: 'home' }), KUBECONFIG_OPERATOR: kubeconfig({ name: 'home', user }) }
  const [access] = clusterAccess({ env, contexts: [], readOnly: false })
  expect([access?.reader.getCurrentUser()?.token, access?.operator.getCurrentUser()?.token]).toEqual([
    'planted-token',
    'operator-token',
  ])
  const [reading] = clusterAccess({
    env: { ...env, KUBECONFIG_OPERATOR: '/does/not/exist' },
    contexts: [],
    readOnly: true,
  })
  expect(reading?.operator.getCurrentUser()?.token).toBe('planted-token')
})

test('a reader and an operator of different API servers are refused', () => {
  const operator = kubeconfig({ name: 'home', server: 'https://elsewhere:6443' })
  expect(problems({ KUBECONFIG: kubeconfig({ name: 'home' }), KUBECONFIG_OPERATOR: operator })).toContain(
    'different API servers',
  )
})

test('plain http is refused unless verification is switched off in the kubeconfig', () => {
  const server = 'http://home:8080'
  expect(problems({ KUBECONFIG: kubeconfig({ name: 'home', server }) })).toContain('plain http')
  const skipping = kubeconfig({ name: 'home', server, cluster: { 'insecure-skip-tls-verify': true } })
  expect(problems({ KUBECONFIG: skipping })).toBe('')
})

test('credentials that run commands are refused unless they are allowed', () => {
  const exec = { exec: { apiVersion: 'client.authentication.k8s.io/v1', command: 'touch', args: ['/tmp/pwned'] } }
  const gcp = { 'auth-provider': { name: 'gcp', config: { 'cmd-path': '/bin/sh' } } }
  for (const user of [exec, gcp]) {
    const path = kubeconfig({ name: 'home', user })
    expect(problems({ KUBECONFIG: path })).toContain('KUBECONFIG_ALLOW_EXEC=1')
    for (const word of ['1', 'on', 'Yes', 'true'])
      expect(problems({ KUBECONFIG: path, KUBECONFIG_ALLOW_EXEC: word }), word).toBe('')
    for (const word of ['0', 'off', 'No', 'false'])
      expect(problems({ KUBECONFIG: path, KUBECONFIG_ALLOW_EXEC: word }), word).toContain('running a command')
  }
  expect(problems({ KUBECONFIG: kubeconfig({ name: 'home' }, { name: 'work', user: exec }) })).toBe('')
})

test('a word for KUBECONFIG_ALLOW_EXEC that is neither on nor off is a problem, in a pod too', () => {
  const said = 'KUBECONFIG_ALLOW_EXEC must be on or off, not "allow".'
  const env = { KUBECONFIG_ALLOW_EXEC: 'allow' }
  expect(problems({ ...env, KUBECONFIG: kubeconfig({ name: 'home' }) })).toBe(said)
  expect(problems(env)).toBe(`${said}\n${problems({})}`)
  writeFileSync(join(folder, 'token'), 'pod-token')
  const pod = { ...env, KUBERNETES_SERVICE_HOST: 'fd00::1' }
  expect(() => clusterAccess({ env: pod, contexts: [], readOnly: false, serviceAccount: folder })).toThrow(said)
})

test('every problem is said at once, and never a credential', () => {
  const path = kubeconfig({ name: 'home' })
  const found = problems({ KUBECONFIG: path }, ['nope', 'neither'])
  expect(found).toMatch(/no context "nope"; it has "home"[\s\S]*no context "neither"/)
  const broken = join(folder, 'broken.yaml')
  writeFileSync(broken, 'token: planted-token\n  : [')
  expect(problems({ KUBECONFIG: broken })).toContain('not a kubeconfig')
  expect(problems({ KUBECONFIG: '/does/not/exist' })).toContain('ENOENT')
  expect(problems({})).toContain('Set KUBECONFIG')
  expect(found + problems({ KUBECONFIG: broken })).not.toContain('planted-token')
})

test('in a pod the service account is used, and its token read from its file', () => {
  writeFileSync(join(folder, 'token'), 'pod-token')
  writeFileSync(join(folder, 'ca.crt'), '')
  const env = { KUBERNETES_SERVICE_HOST: 'fd00::1', KUBERNETES_SERVICE_PORT: '443' }
  const [access] = clusterAccess({ env, contexts: [], readOnly: false, serviceAccount: folder })
  expect(access).toMatchObject({ name: 'in-cluster' })
  expect(access?.reader.getCurrentCluster()?.server).toBe('https://[fd00::1]:443')
})
