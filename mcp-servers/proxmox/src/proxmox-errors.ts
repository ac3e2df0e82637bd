import { CallerError, CredentialError, oneLine, ToolError, UpstreamError } from '@watchkeeper/mcp-shared'
import { text, toRow } from './rows.ts'

export type ErrorPlace = {
  /** What the request was about, in words: `guest 100`, `storage local on pve1`. */
  about: string
  role: 'reader' | 'operator'
  /** USER@REALM!ID. */
  token: string
  cluster: string
  node: string | undefined
}

/**
 * An answer of the API that is no success, in words that say who must do what. Proxmox VE puts its error text into the
 * reason phrase of the status line, and the faults of parameters into `errors` of a 400.
 */
export function errorOfStatus(status: number, reason: string, body: string, place: ErrorPlace): ToolError {
  const { about, role, token, cluster, node } = place
  const answer = parsed(body)
  const said = oneLine(reason || text(answer, 'message') || `HTTP ${status}`, 400)
  if (status === 400) return new CallerError('invalid', `Proxmox VE refused ${about}: ${faults(answer) ?? said}`)
  if (status === 401)
    return new CredentialError(
      `Proxmox VE did not accept the ${role} token ${token} of "${cluster}" (${said}): make it anew or set its secret right.`,
    )
  if (status === 403) return forbidden(said, place)
  if (status === 595 || status === 596)
    return new UpstreamError(
      'unreachable',
      `Node ${node ?? 'of the cluster'} cannot be reached by the other nodes of "${cluster}": ${said}.`,
    )
  if (/does not exist|no such|not found|unable to find/i.test(said) || status === 404)
    return new CallerError('not_found', missing(said, about))
  if (/digest|detected modified configuration/i.test(said))
    return new CallerError('conflict', `Nothing was changed: ${about} was changed by somebody else meanwhile.`)
  if (/\bis locked\b|can't lock file|got timeout$/i.test(said))
    return new CallerError('refused', `${about} is locked by other work: ${said}`)
  // The request was understood and not done: what Proxmox VE says is for people, and sending it again would not help.
  if (status === 500 || status === 501) return new CallerError('refused', `Proxmox VE would not do it: ${said}`)
  return new UpstreamError('unreachable', `The API of "${cluster}" failed (HTTP ${status}): ${said}`)
}

/** `Permission check failed (/vms/100, VM.PowerMgmt)`: the path, and the privileges of which one or all are wanted. */
function forbidden(said: string, { role, token, about }: ErrorPlace): CredentialError {
  const [, path, privileges] = /Permission check failed \((\/[^,\s]*), ?([^)]+)\)/i.exec(said) ?? []
  if (!path || !privileges)
    return new CredentialError(`The ${role} token ${token} may not do this to ${about}: ${said}.`)
  const names = privileges.replaceAll('|', ' or ').replaceAll(',', ' and ')
  return new CredentialError(
    `The ${role} token ${token} lacks ${names} on ${path}: give it a role that has it with pveum acl modify (a token with privilege separation needs its own).`,
  )
}

function missing(said: string, about: string): string {
  const guest = /Configuration file '[^']*\/(\d+)\.conf' does not exist/.exec(said)?.[1]
  if (guest) return `Guest ${guest} is no longer where it was: it was moved or removed.`
  return `There is no ${about}: ${said}`
}

function faults(answer: ReturnType<typeof parsed>): string | undefined {
  const errors = Object.entries(toRow(answer.errors)).slice(0, 5)
  if (errors.length === 0) return undefined
  return oneLine(errors.map(([name, why]) => `${name}: ${String(why).trim()}`).join('; '), 400)
}

function parsed(body: string) {
  try {
    return toRow(JSON.parse(body))
  } catch {
    return toRow(undefined)
  }
}

/** Why no answer came at all. */
export function unreachable(error: unknown, cluster: string): ToolError {
  if (error instanceof ToolError) return error
  const code = codeOf(error)
  const why =
    WORDS[code] ??
    (/CERT|SELF_SIGNED|ISSUER|ALTNAME/.test(code)
      ? `its certificate was not accepted (${code}): set its CA file or its fingerprint`
      : code)
  return new UpstreamError('unreachable', `The API of "${cluster}" cannot be reached: ${why}.`, error)
}

export function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return 'no answer'
  if ('code' in error && typeof error.code === 'string') return error.code
  return error.cause === undefined ? 'no answer' : codeOf(error.cause)
}

const WORDS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'the connection was refused (ECONNREFUSED)',
  ECONNRESET: 'it closed the connection (ECONNRESET)',
  UND_ERR_SOCKET: 'it closed the connection before it had answered',
  UND_ERR_CONNECT_TIMEOUT: 'it did not answer (timeout)',
  UND_ERR_HEADERS_TIMEOUT: 'it did not answer (timeout)',
  UND_ERR_BODY_TIMEOUT: 'it stopped in the middle of its answer',
  ENOTFOUND: 'its name is not known (ENOTFOUND)',
  EAI_AGAIN: 'its name could not be looked up (EAI_AGAIN)',
  ETIMEDOUT: 'it did not answer (ETIMEDOUT)',
  EHOSTUNREACH: 'there is no way to it (EHOSTUNREACH)',
}
