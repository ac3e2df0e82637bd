import { generateKeyPairSync, randomBytes, randomUUID, sign } from 'node:crypto'
import { canonical, digestOf } from '../src/canonical.ts'

export type GrantParts = {
  tool: string
  arguments: Record<string, unknown>
  audience: string
  effect?: string
  nonce?: string
  iat?: number
  exp?: number
  approver?: string
  plan?: string
}

export type GrantSigner = {
  /** Base64 of the SPKI DER, as `WATCHKEEPER_GRANT_PUBLIC_KEY` wants it. */
  publicKey: string
  grant(parts: GrantParts): string
}

/** Signs grants as the agent does, with a key pair of its own. Two signers are strangers to one another. */
export function grantSigner(now: () => number = Date.now): GrantSigner {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519')
  return {
    publicKey: publicKey.export({ format: 'der', type: 'spki' }).toString('base64'),
    grant({ tool, arguments: args, audience, ...rest }) {
      const iat = rest.iat ?? now()
      const payload = {
        v: 1,
        plan: rest.plan ?? 'plan-v1:test',
        effect: rest.effect ?? randomUUID(),
        tool,
        args: digestOf(args),
        approver: rest.approver ?? 'alice',
        audience,
        nonce: rest.nonce ?? randomBytes(16).toString('hex'),
        iat,
        exp: rest.exp ?? iat + 30_000,
      }
      const text = Buffer.from(canonical(payload)).toString('base64url')
      return `${text}.${sign(null, Buffer.from(`watchkeeper-grant-v1.${text}`), privateKey).toString('base64url')}`
    },
  }
}
