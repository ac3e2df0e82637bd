import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { OperatorError } from '../domain/errors.ts'
import { canonicalJson, hashOf, type JsonObject } from '../domain/json.ts'
import type { Permit } from './toolbox.ts'

/** Where in an MCP request's `_meta` the grant travels. */
export const GRANT_META = 'watchkeeper/grant'

export interface GrantSigner {
  /** A grant for one call: these arguments, this server instance, once, for seconds. */
  grant(call: { permit: Permit; tool: string; args: JsonObject; audience: string; now: number }): string
  /** SPKI DER in base64, as servers take it in WATCHKEEPER_GRANT_PUBLIC_KEY. */
  publicKey: string
}

/** Signs with an Ed25519 private key in PEM. Throws an OperatorError for any other key. */
export function grantSigner(pem: string): GrantSigner {
  const key = readKey(pem)
  return {
    publicKey: createPublicKey(key).export({ type: 'spki', format: 'der' }).toString('base64'),
    grant({ permit, tool, args, audience, now }) {
      const claims = {
        v: 1,
        plan: permit.plan,
        effect: permit.effect,
        tool,
        args: hashOf(args),
        approver: permit.approver,
        audience,
        nonce: randomBytes(16).toString('hex'),
        iat: now,
        exp: now + permit.ttlMs,
      }
      const payload = Buffer.from(canonicalJson(claims), 'utf8').toString('base64url')
      const signature = sign(null, Buffer.from(`watchkeeper-grant-v1.${payload}`, 'ascii'), key)
      return `${payload}.${signature.toString('base64url')}`
    },
  }
}

function readKey(pem: string): KeyObject {
  try {
    const key = createPrivateKey(pem)
    if (key.asymmetricKeyType === 'ed25519') return key
  } catch (error) {
    throw new OperatorError(
      'GRANT_KEY is not a private key in PEM. Make one with: openssl genpkey -algorithm ed25519',
      {
        cause: error,
      },
    )
  }
  throw new OperatorError('GRANT_KEY must be an Ed25519 key. Make one with: openssl genpkey -algorithm ed25519')
}

/** The installation's own key, made at first start and kept readable by its owner alone. */
export async function keyFromFolder(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error
  }
  const { privateKey } = generateKeyPairSync('ed25519')
  const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
  await mkdir(dirname(path), { recursive: true })
  try {
    await writeFile(path, pem, { mode: 0o600, flag: 'wx' })
    return pem
  } catch {
    // Another replica on the same folder was first: its key is the key.
    return await readFile(path, 'utf8')
  }
}
