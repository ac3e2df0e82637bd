import { createPublicKey, type KeyObject, verify } from 'node:crypto'
import { z } from 'zod'
import { digestOf } from './canonical.ts'
import { CallerError, type GrantErrorCode } from './errors.ts'

/** Where a changing call carries its grant: `params._meta[GRANT_META]`. */
export const GRANT_META = 'watchkeeper/grant'
/** The longest a grant may live, in milliseconds. */
export const GRANT_LIFE = 120_000
const SIGNED_PREFIX = 'watchkeeper-grant-v1.'
const CLOCK_SKEW = 5_000

const Grant = z.strictObject({
  v: z.literal(1),
  plan: z.string().min(1).max(200),
  effect: z.uuid(),
  tool: z.string().min(1).max(100),
  args: z.string().regex(/^[0-9a-f]{64}$/),
  approver: z.string().max(200),
  audience: z.string().max(200),
  nonce: z.string().regex(/^[0-9a-f]{32}$/),
  iat: z.int(),
  exp: z.int(),
})
export type Grant = z.infer<typeof Grant>

export type GrantedCall = { tool: string; arguments: Record<string, unknown>; grant: unknown }

export type GrantDesk = {
  /** The id of this server process; a grant must name it. */
  readonly audience: string
  /** The grant of a call, spent by this look: the same nonce is refused from now on. Throws `CallerError` with a grant code. */
  redeem(call: GrantedCall): Grant
}

/**
 * Checks that a changing call was approved: signature, audience, tool, arguments, time, and that it is used once.
 * Holds the public key only, so that this process cannot approve anything itself.
 *
 * @param now unix milliseconds; a clock that steps back is held at its highest value, so that nothing spent comes back
 */
export function grantDesk({
  key,
  audience,
  now,
}: {
  key: KeyObject | undefined
  audience: string
  now: () => number
}): GrantDesk {
  const spent = new Map<string, number>()
  let latest = 0
  return {
    audience,
    redeem({ tool, arguments: args, grant: sent }) {
      latest = Math.max(latest, now())
      const grant = read(sent, key)
      if (grant.audience !== audience)
        refuse(
          'grant_mismatch',
          'The grant is for another server process (this one may have restarted). Ask for a new grant.',
        )
      if (grant.tool !== tool) refuse('grant_mismatch', `The grant is for the tool "${grant.tool}", not for "${tool}".`)
      if (grant.args !== digestOf(args))
        refuse('grant_mismatch', 'The grant is for other arguments than the ones sent. Send exactly what was approved.')
      if (grant.exp <= latest) refuse('grant_expired', 'The grant has expired. Nothing was done; ask for a new one.')
      for (const [nonce, exp] of spent) if (exp <= latest) spent.delete(nonce)
      if (spent.has(grant.nonce))
        refuse('grant_replayed', 'The grant was used before. Each run needs a grant of its own.')
      if (grant.exp - grant.iat > GRANT_LIFE || grant.iat > grant.exp)
        refuse('grant_invalid', `The grant may live for ${GRANT_LIFE / 1000} seconds at most.`)
      if (grant.iat > latest + CLOCK_SKEW)
        refuse(
          'grant_invalid',
          'The grant was issued in the future: set the clocks of the agent and of this server right.',
        )
      spent.set(grant.nonce, grant.exp)
      return grant
    },
  }
}

function read(sent: unknown, key: KeyObject | undefined): Grant {
  const unset =
    'This server has no key to check grants with: set WATCHKEEPER_GRANT_PUBLIC_KEY or WATCHKEEPER_GRANT_PUBLIC_KEY_FILE.'
  if (sent === undefined || sent === null)
    refuse(
      'grant_missing',
      `A change needs a signed grant in _meta["${GRANT_META}"]. ${key ? 'Try dry_run first.' : unset}`,
    )
  if (!key) refuse('grant_invalid', unset)
  const [payload, signature, ...rest] = typeof sent === 'string' && sent.length < 8_192 ? sent.split('.') : []
  if (!payload || !signature || rest.length > 0)
    refuse('grant_invalid', 'The grant must be PAYLOAD.SIGNATURE in base64url.')
  const genuine = verify(null, Buffer.from(SIGNED_PREFIX + payload, 'ascii'), key, Buffer.from(signature, 'base64url'))
  if (!genuine) refuse('grant_invalid', 'The signature of the grant does not match the key of this server.')
  const parsed = Grant.safeParse(parseJson(Buffer.from(payload, 'base64url').toString('utf8')))
  if (!parsed.success) refuse('grant_invalid', 'The payload of the grant is not version 1 of its format.')
  return parsed.data
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function refuse(code: GrantErrorCode, message: string): never {
  throw new CallerError(code, message)
}

/** Reads an Ed25519 public key from PEM or from base64 SPKI DER. Throws a sentence that says what is wrong. */
export function readGrantKey(text: string): KeyObject {
  const trimmed = text.trim()
  let key: KeyObject
  try {
    key = trimmed.startsWith('-----BEGIN')
      ? createPublicKey(trimmed)
      : createPublicKey({ key: Buffer.from(trimmed, 'base64'), format: 'der', type: 'spki' })
  } catch (cause) {
    throw new Error('the grant key must be an Ed25519 public key, as PEM or as base64 of its SPKI DER', { cause })
  }
  if (trimmed.includes('PRIVATE KEY'))
    throw new Error('the grant key is a private key; give this server the public one only')
  if (key.asymmetricKeyType !== 'ed25519')
    throw new Error(`the grant key is ${key.asymmetricKeyType}; it must be Ed25519`)
  return key
}
