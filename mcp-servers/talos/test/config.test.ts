import { generateKeyPairSync } from 'node:crypto'
import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ConfigurationError } from '@watchkeeper/mcp-shared'
import { beforeAll, expect, test } from 'vitest'
import { stringify } from 'yaml'
import { type CertificateAuthority, createAuthority } from '../../../test/simulators/tls.ts'
import { clusterAccess, usableKey } from '../src/talos-config.ts'

const folder = mkdtempSync(join(tmpdir(), 'talosconfig-'))
let authority: CertificateAuthority
let other: CertificateAuthority

beforeAll(async () => {
  authority = await createAuthority('talos', 'Ed25519')
  other = await createAuthority('talos', 'Ed25519')
})

async function context(organizations: string[], over: object = {}, issuer = authority) {
  const { certificate, key } = await issuer.issueClient({ commonName: 'x', organizations })
  const base64 = (text: string) => Buffer.from(text).toString('base64')
  const labelled = key.replaceAll('PRIVATE KEY', 'ED25519 PRIVATE KEY')
  return {
    endpoints: ['10.0.0.1'],
    ca: base64(issuer.certificate),
    crt: base64(certificate),
    key: base64(labelled),
    ...over,
  }
}

function file(contexts: Record<string, unknown>, current: string | undefined = Object.keys(contexts)[0]): string {
  const path = join(folder, `${crypto.randomUUID()}.yaml`)
  writeFileSync(path, stringify({ context: current, contexts }))
  return path
}

function problems(env: Record<string, string>, contexts: string[] = [], readOnly = false): string {
  try {
    clusterAccess({ env, contexts, readOnly })
    return ''
  } catch (error) {
    if (error instanceof ConfigurationError) return error.problems.join('\n')
    throw error
  }
}

test('the role is read from the certificate, the highest of several', async () => {
  for (const [organizations, role] of [
    [['os:reader'], 'os:reader'],
    [['os:reader', 'os:operator'], 'os:operator'],
    [['os:etcd:backup'], undefined],
    [['os:admin'], 'os:admin'],
    [[], undefined],
  ] as const) {
    const env = { TALOSCONFIG: file({ home: await context([...organizations]) }) }
    const [access] = clusterAccess({ env, contexts: [], readOnly: false })
    expect(access?.operator.access).toMatchObject({ role, organizations, expires: expect.any(Date) })
  }
})

test('endpoints get the port of Talos, whatever they look like', async () => {
  const endpoints = ['10.0.0.1', 'talos.example.com', '10.0.0.2:6000', 'fd00::1', '[fd00::2]:6000']
  const env = { TALOSCONFIG: file({ home: await context(['os:reader'], { endpoints }) }) }
  expect(clusterAccess({ env, contexts: [], readOnly: false })[0]?.endpoints).toEqual([
    '10.0.0.1:50000',
    'talos.example.com:50000',
    '10.0.0.2:6000',
    '[fd00::1]:50000',
    '[fd00::2]:6000',
  ])
  for (const wrong of ['https://10.0.0.1', '--server', 'a b', '10.0.0.1/x']) {
    const path = file({ home: await context(['os:reader'], { endpoints: [wrong] }) })
    expect(problems({ TALOSCONFIG: path })).toContain('neither addresses nor names')
  }
})

test("Talos's label on its keys is one that OpenSSL knows afterwards, and nothing else passes", () => {
  const { privateKey } = generateKeyPairSync('ed25519')
  const text = privateKey.export({ format: 'pem', type: 'pkcs8' }).toString()
  expect(usableKey(text.replaceAll('PRIVATE KEY', 'ED25519 PRIVATE KEY'))).toBe(text)
  expect(() => usableKey('-----BEGIN ED25519 PRIVATE KEY-----\nAAAA\n-----END ED25519 PRIVATE KEY-----')).toThrow()
})

test('changes use the operator, reads the reader; read-only never opens the operator', async () => {
  const env = {
    TALOSCONFIG: file({ home: await context(['os:reader']) }),
    TALOSCONFIG_OPERATOR: file({ 'operator@home': await context(['os:operator']) }),
  }
  const [access] = clusterAccess({ env, contexts: [], readOnly: false })
  expect([access?.reader.access.role, access?.operator.access.role]).toEqual(['os:reader', 'os:operator'])
  const missing = { ...env, TALOSCONFIG_OPERATOR: '/does/not/exist' }
  expect(clusterAccess({ env: missing, contexts: [], readOnly: true })[0]?.operator.access.role).toBe('os:reader')
  expect(problems(missing)).toContain('ENOENT')
})

test('a reader and an operator of different clusters are refused', async () => {
  const env = {
    TALOSCONFIG: file({ home: await context(['os:reader']) }),
    TALOSCONFIG_OPERATOR: file({ home: await context(['os:operator'], {}, other) }),
  }
  expect(problems(env)).toContain('trust different authorities')
})

test('several contexts are served in their order, and every problem is said at once', async () => {
  const path = file({
    home: await context(['os:reader']),
    cabin: await context(['os:reader']),
    bare: { endpoints: [] },
  })
  const names = clusterAccess({ env: { TALOSCONFIG: path }, contexts: ['cabin', 'home', 'cabin'], readOnly: false })
  expect(names.map(({ name }) => name)).toEqual(['cabin', 'home'])
  expect(problems({ TALOSCONFIG: path }, ['bare', 'nope', 'constructor'])).toMatch(
    /"bare" wants endpoints, ca, crt, key[\s\S]*no context "nope"; it has "home", "cabin", "bare"[\s\S]*no context "constructor"/,
  )
  expect(problems({})).toContain('Set TALOSCONFIG')
  expect(problems({ TALOSCONFIG: file({ home: await context(['os:reader']) }, '') })).toContain('no current context')
})
