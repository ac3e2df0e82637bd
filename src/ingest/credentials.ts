import { createHash, timingSafeEqual } from 'node:crypto'

export type Credentials = {
  /** For `Authorization: Bearer`. */
  token?: string | undefined
  /** For `Authorization: Basic`. */
  basic?: { username: string; password: string } | undefined
}

/**
 * Compares an Authorization header with what is configured, in a time that says nothing about how much of it was right.
 * The check answers undefined when it fits, and else a sentence that says what to change.
 */
export function credentialCheck({ token, basic }: Credentials): (header: string | undefined) => string | undefined {
  const bearerDigest = token ? digest(token) : undefined
  const basicDigest = basic?.password ? digest(`${basic.username}:${basic.password}`) : undefined
  if (!bearerDigest && !basicDigest)
    return () =>
      'No credentials are configured for this webhook, so it takes nothing. Set a token here and in Alertmanager.'
  return (header) => {
    if (!header)
      return 'This webhook needs credentials: set authorization or basic_auth in the http_config of the receiver.'
    const [, scheme = '', value = ''] = /^(\S+) +(.*)$/.exec(header) ?? []
    const kind = scheme.toLowerCase()
    const given = digest(kind === 'basic' ? Buffer.from(value, 'base64').toString('utf8') : value)
    const expected = kind === 'basic' ? basicDigest : kind === 'bearer' ? bearerDigest : undefined
    // Something is always compared, so that a scheme that is not in use takes no less time.
    const fits = timingSafeEqual(given, expected ?? bearerDigest ?? given) && expected !== undefined
    return fits
      ? undefined
      : 'The credentials are wrong. Compare those of the receiver in Alertmanager with the ones set here.'
  }
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text, 'utf8').digest()
}
