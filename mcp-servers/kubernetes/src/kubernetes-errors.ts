import { CallerError, CredentialError, oneLine, ToolError, UpstreamError } from '@watchkeeper/mcp-shared'

type Cause = { reason?: string; field?: string; message?: string }
type Status = { message?: string; reason?: string; details?: { causes?: Cause[] } }
export type ErrorPlace = { about: string; role: 'reader' | 'operator'; context: string }

/** An answer of the API server that is no success, in words that say who must do what. `body` is a Status object as JSON. */
export function errorOfStatus(http: number, body: string, { about, role, context }: ErrorPlace): ToolError {
  const { message, reason, details } = parseStatus(body)
  const causes = details?.causes ?? []
  const said = oneLine(message ?? `HTTP ${http}`, 400)
  if (http === 401)
    return new CredentialError(`The API server of "${context}" did not accept the ${role} credential: renew it.`)
  if (http === 403) return new CredentialError(forbidden(said, role))
  if (http === 404) return new CallerError('not_found', `There is no ${about}.`)
  if (http === 409 && causes.some(({ reason: why }) => why === 'FieldManagerConflict'))
    return new CallerError('conflict', heldByOthers(about, causes))
  if (http === 409 && (reason === 'AlreadyExists' || said.includes('recondition')))
    return new CallerError('conflict', `Nothing was changed: ${said}`)
  if (http === 409)
    return new ToolError('conflict', `${about} moved while it was being changed: ${said}`, { retryable: true })
  if (http === 410) return new CallerError('invalid', 'This continuation is too old: start the list again.')
  if (http === 400 || http === 405 || http === 406 || http === 415 || http === 422) {
    const told = causes.slice(0, 5).map(({ field, message: why }) => `${field}: ${why}`)
    return new CallerError(
      'invalid',
      `The API server refused ${about}: ${told.length > 0 ? oneLine(told.join('; '), 400) : said}`,
    )
  }
  const budget = causes.find(({ reason: why }) => why === 'DisruptionBudget')
  if (http === 429 && budget)
    return new CallerError('refused', `A disruption budget forbids it: ${oneLine(budget.message ?? said, 300)}.`)
  if (http === 429)
    return new UpstreamError('unreachable', `The API server of "${context}" is overloaded: try again later.`)
  return new UpstreamError('unreachable', `The API server of "${context}" failed (HTTP ${http}): ${said}`)
}

/** Why no answer came at all. */
export function unreachable(error: unknown, context: string): UpstreamError {
  const code = error instanceof Error && 'code' in error ? String(error.code) : 'no answer'
  const why =
    WORDS[code] ?? (/CERT|SELF_SIGNED|ISSUER|ALTNAME/.test(code) ? `its certificate was not accepted (${code})` : code)
  return new UpstreamError('unreachable', `The API server of "${context}" cannot be reached: ${why}.`, error)
}

const WORDS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'the connection was refused (ECONNREFUSED)',
  ECONNRESET: 'it closed the connection (ECONNRESET)',
  ENOTFOUND: 'its name is not known (ENOTFOUND)',
  EAI_AGAIN: 'its name could not be looked up (EAI_AGAIN)',
  ETIMEDOUT: 'it did not answer (ETIMEDOUT)',
  EHOSTUNREACH: 'there is no way to it (EHOSTUNREACH)',
}

/** Which manager holds which fields, out of the causes of an apply conflict. */
function heldByOthers(about: string, causes: readonly Cause[]): string {
  const held = causes.slice(0, 8).map(({ field, message }) => `${field} (${message})`)
  return `Nothing was changed: others manage fields of ${about} with other values: ${oneLine(held.join('; '), 900)}. Leave these fields out, change them where they are managed, or take them over with force.`
}

/** The missing privilege out of RBAC's own sentence, which names verb, resource, group and namespace. */
function forbidden(said: string, role: string): string {
  const match =
    /cannot (\w+) resource "([^"]+)" in API group "([^"]*)" (?:in the namespace "([^"]+)"|at the cluster scope)/.exec(
      said,
    )
  if (!match) return `The ${role} credential may not do this: ${said}`
  const [, verb, resource, group, namespace] = match
  const where = namespace ? `in namespace ${namespace}` : 'in the whole cluster'
  return `The ${role} credential may not ${verb} ${resource}${group ? `.${group}` : ''} ${where}: its role lacks this privilege.`
}

function parseStatus(body: string): Status {
  try {
    const parsed: unknown = JSON.parse(body)
    return parsed !== null && typeof parsed === 'object' ? parsed : {}
  } catch {
    return body === '' ? {} : { message: body }
  }
}
