import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto'
import { readFile, stat } from 'node:fs/promises'
import { OperatorError } from '../domain/errors.ts'
import { canonicalJson, hashOf, type JsonObject } from '../domain/json.ts'
import { madeOnce } from '../storage/made-once.ts'
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
  const key = privateKey(pem)
  if (!key)
    throw new OperatorError('GRANT_KEY is not a private key in PEM. Make one with: openssl genpkey -algorithm ed25519')
  if (key.asymmetricKeyType === 'ed25519') return key
  throw new OperatorError('GRANT_KEY must be an Ed25519 key. Make one with: openssl genpkey -algorithm ed25519')
}

function privateKey(pem: string): KeyObject | undefined {
  try {
    return createPrivateKey(pem)
  } catch {
    return undefined
  }
}

/**
 * The installation's own key, made at first start and kept readable by its owner alone. A file without a key is an OperatorError:
 * a new one in its place would be refused by servers elsewhere, so people decide.
 */
export async function keyFromFolder(path: string): Promise<string> {
  const pem = (await exists(path)) ? await readFile(path, 'utf8') : await madeOnce(path, newKey)
  if (privateKey(pem)?.asymmetricKeyType === 'ed25519') return pem
  throw new OperatorError(
    `The file ${path} does not hold an Ed25519 private key in PEM. Put it back from a backup, or remove it: the next start makes a new one, whose public half MCP servers elsewhere must be given.`,
  )
}

function newKey(): string {
  const { privateKey } = generateKeyPairSync('ed25519')
  return privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
}

async function exists(path: string): Promise<boolean> {
  return await stat(path).then(
    () => true,
    () => false,
  )
}
