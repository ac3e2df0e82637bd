import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ConfigurationError } from '@watchkeeper/mcp-shared'
import { expect, test } from 'vitest'
import { clusterAccess } from '../src/proxmox-config.ts'

const folder = mkdtempSync(join(tmpdir(), 'pve-config-'))
const FINGERPRINT = Array.from({ length: 32 }, () => 'AB').join(':')

function file(name: string, text: string): string {
  const path = join(folder, name)
  writeFileSync(path, text)
  return path
}

const one = {
  PROXMOX_URL: 'https://pve1:8006',
  PROXMOX_TOKEN_ID: 'watch@pve!reader',
  PROXMOX_TOKEN_SECRET: 'planted-reader-secret',
}

async function problems(env: Record<string, string>, readOnly = false): Promise<string> {
  try {
    await clusterAccess({ env, readOnly })
    return ''
  } catch (error) {
    if (error instanceof ConfigurationError) return error.problems.join('\n')
    throw error
  }
}

test('one cluster comes from the environment, and changes nothing with the reader unless it is told to', async () => {
  const [access] = await clusterAccess({ env: { ...one, PROXMOX_FINGERPRINT: FINGERPRINT }, readOnly: false })
  expect(access).toMatchObject({
    name: 'proxmox',
    url: 'https://pve1:8006',
    trust: { fingerprint: FINGERPRINT },
    protectedTags: ['etcd'],
  })
  expect(access?.operator).toBe(access?.reader)
  const operator = { PROXMOX_OPERATOR_TOKEN_ID: 'watch@pve!operator', PROXMOX_OPERATOR_TOKEN_SECRET: 'x' }
  expect((await clusterAccess({ env: { ...one, ...operator }, readOnly: false }))[0]?.operator.id).toBe(
    'watch@pve!operator',
  )
  expect((await clusterAccess({ env: { ...one, ...operator }, readOnly: true }))[0]?.operator.id).toBe(
    'watch@pve!reader',
  )
})

test('several come from a file, in its order, each with its own trust and tags', async () => {
  const ca = file('ca.pem', 'a certificate')
  const token = { token_id: 'watch@pve!reader', token_secret: 's' }
  const clusters = {
    home: { url: 'https://pve1:8006', ca_file: ca, reader: token },
    cabin: {
      url: 'https://pve9:8006',
      fingerprint: FINGERPRINT.replaceAll(':', ''),
      reader: token,
      protected_tags: ['Talos'],
    },
  }
  const access = await clusterAccess({
    env: { PROXMOX_CONFIG: file('c.json', JSON.stringify({ protected_tags: ['db'], clusters })) },
    readOnly: false,
  })
  expect(access.map(({ name, protectedTags }) => [name, protectedTags])).toEqual([
    ['home', ['db']],
    ['cabin', ['talos']],
  ])
  expect(access[0]?.trust).toEqual({ ca: 'a certificate' })
})

test('a secret in a file is read again, so that a renewed one is used', async () => {
  const { PROXMOX_TOKEN_SECRET: _secret, ...rest } = one
  const path = file('secret', 'first\n')
  const [access] = await clusterAccess({ env: { ...rest, PROXMOX_TOKEN_SECRET_FILE: path }, readOnly: false })
  expect(access?.reader.secret()).toBe('first')
  writeFileSync(path, 'second')
  expect(access?.reader.secret()).toBe('second')
})

test('every problem is said at once, and never a secret', async () => {
  expect(await problems({})).toContain('Set PROXMOX_URL')
  expect(await problems({ ...one, PROXMOX_URL: 'http://pve1:8006' })).toContain('must be https://')
  expect(await problems({ ...one, PROXMOX_TOKEN_ID: 'root' })).toContain('PROXMOX_TOKEN_ID: must be USER@REALM!TOKENID')
  expect(await problems({ ...one, PROXMOX_FINGERPRINT: 'ab:cd' })).toContain(
    'PROXMOX_FINGERPRINT: must be a SHA-256 fingerprint',
  )
  expect(await problems({ ...one, PROXMOX_TOKEN_SECRET: '' })).toContain('has no secret')
  expect(await problems({ ...one, PROXMOX_CA_FILE: '/does/not/exist', PROXMOX_FINGERPRINT: FINGERPRINT })).toMatch(
    /not both/,
  )
  expect(await problems({ ...one, PROXMOX_CA_FILE: '/does/not/exist' })).toContain('ENOENT')
  const broken = file('broken.yaml', 'clusters:\n  home: {url: https://x, reader: {token_secret: planted-file-secret\n')
  expect(await problems({ PROXMOX_CONFIG: broken })).toContain('not YAML')
  const strange = file(
    'strange.json',
    JSON.stringify({
      clusters: {
        home: { url: 'https://x', insecure: true, reader: { token_id: 'a@b!cc', token_secret: 'planted-file-secret' } },
      },
    }),
  )
  expect(await problems({ PROXMOX_CONFIG: strange })).toContain('insecure')
  const said = [
    await problems({ ...one, PROXMOX_URL: 'x' }),
    await problems({ PROXMOX_CONFIG: broken }),
    await problems({ PROXMOX_CONFIG: strange }),
  ].join()
  expect(said).not.toMatch(/planted/)
})
