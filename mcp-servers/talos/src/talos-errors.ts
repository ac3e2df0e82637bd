import { CallerError, CredentialError, oneLine, ToolError, UpstreamError } from '@watchkeeper/mcp-shared'
import { rolesThatMay } from './access.ts'
import type { Method } from './wire/methods.ts'
import { METHODS } from './wire/methods.ts'

export type ErrorPlace = {
  method: Method
  /** The node asked, or the endpoint when none was named. */
  node: string
  cluster: string
  organizations: readonly string[]
}

/** Status codes of gRPC: https://grpc.io/docs/guides/status-codes/ */
export const CODE = {
  cancelled: 1,
  unknown: 2,
  invalidArgument: 3,
  deadlineExceeded: 4,
  notFound: 5,
  alreadyExists: 6,
  permissionDenied: 7,
  resourceExhausted: 8,
  failedPrecondition: 9,
  aborted: 10,
  outOfRange: 11,
  unimplemented: 12,
  internal: 13,
  unavailable: 14,
  unauthenticated: 16,
} as const

/** Thrown for a method the node does not serve, so that another way can be tried. */
export class UnimplementedError extends ToolError {
  constructor(message: string, cause?: unknown) {
    super('invalid', message, { cause })
  }
}

/** A status of gRPC that is no success, in words that say who must do what. */
export function errorOfStatus(error: unknown, { method, node, cluster, organizations }: ErrorPlace): ToolError {
  const code = codeOf(error)
  const said = oneLine(detailsOf(error), 400)
  const name = method.split('/')[1] ?? method
  if (code === CODE.permissionDenied) {
    const has = organizations.length > 0 ? organizations.join(', ') : 'no role at all'
    const wants = rolesThatMay(METHODS[method].needs)
    return new CredentialError(
      METHODS[method].needs === 'os:reader' && organizations.includes('os:reader')
        ? `The certificate for "${cluster}" has ${has}, and ${node} does not show this to it (${said}): it needs os:admin.`
        : `The certificate for "${cluster}" has ${has}, and ${name} on ${node} needs ${wants}: make one with talosctl config new --roles.`,
      error,
    )
  }
  if (code === CODE.unauthenticated)
    return new CredentialError(`${node} did not accept the certificate for "${cluster}": renew it.`, error)
  if (code === CODE.notFound) return new CallerError('not_found', `${node} has no such thing: ${said}.`, error)
  if (code === CODE.unimplemented)
    return new UnimplementedError(`Talos on ${node} does not serve ${name}: its version is too old or too new.`, error)
  if (code === CODE.unavailable) return unreachable(node, cluster, said, error)
  if (code === CODE.deadlineExceeded || code === CODE.cancelled)
    return new UpstreamError('timeout', `${node} did not finish ${name} in time: ${said}.`, error)
  if (code === CODE.resourceExhausted)
    return new UpstreamError('unreachable', `${node} is overloaded, or its answer is too large: ${said}.`, error)
  if (code === CODE.aborted || code === CODE.alreadyExists)
    return new ToolError('conflict', `${node} is busy with something else: ${said}.`, { retryable: true, cause: error })
  if (code === CODE.invalidArgument || code === CODE.outOfRange)
    return new CallerError('invalid', `${node} does not take this: ${said}.`, error)
  // Talos answers most of its own refusals with FailedPrecondition or a plain Unknown and a sentence.
  return new CallerError('refused', `${node} refused ${name}: ${said}.`, error)
}

/** Why nothing answered at all. */
export function unreachable(node: string, cluster: string, said: string, cause?: unknown): UpstreamError {
  const why = WORDS.find(([pattern]) => pattern.test(said))?.[1] ?? said
  return new UpstreamError('unreachable', `${node} of "${cluster}" cannot be reached: ${why}.`, cause)
}

const WORDS: readonly [RegExp, string][] = [
  [/ECONNREFUSED|connection refused/i, 'the connection was refused (ECONNREFUSED)'],
  [/ENOTFOUND|Name resolution failed/i, 'its name is not known (ENOTFOUND)'],
  [/EHOSTUNREACH|no route to host/i, 'there is no way to it (EHOSTUNREACH)'],
  [/ETIMEDOUT|i\/o timeout/i, 'it did not answer (ETIMEDOUT)'],
  [/alert .*certificate expired|certificate has expired|CERT_HAS_EXPIRED/i, 'a certificate has expired'],
  [/alert|bad certificate/i, 'it did not accept the client certificate'],
  [/self.signed|unable to verify|altname|issuer/i, 'its certificate was not accepted'],
]

/** The numeric status of an error of gRPC; undefined for any other error. */
export function codeOf(error: unknown): number | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'number' ? error.code : undefined
}

function detailsOf(error: unknown): string {
  if (error instanceof Error && 'details' in error && typeof error.details === 'string' && error.details !== '')
    return error.details.replace(/\.$/, '')
  return error instanceof Error ? error.message.replace(/\.$/, '') : 'no answer'
}
