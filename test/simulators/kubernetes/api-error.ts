import type { ResourceType } from './resources.ts'
import { qualified } from './resources.ts'

/** A refusal of the API, answered as a `Status` object the way a real API server words it. */
export class ApiError extends Error {
  readonly code: number
  readonly reason: string
  readonly details: Record<string, unknown> | undefined

  constructor(code: number, reason: string, message: string, details?: Record<string, unknown>) {
    super(message)
    this.code = code
    this.reason = reason
    this.details = details
  }

  status(): Record<string, unknown> {
    const { message, reason, details, code } = this
    return { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure', message, reason, details, code }
  }
}

function about(type: ResourceType, name: string): Record<string, unknown> {
  return { name, ...(type.group ? { group: type.group } : {}), kind: type.plural }
}

export function notFound(type: ResourceType, name: string): ApiError {
  return new ApiError(404, 'NotFound', `${qualified(type)} "${name}" not found`, about(type, name))
}

/** No such address at all, as opposed to no such object. */
export function noSuchPath(): ApiError {
  return new ApiError(404, 'NotFound', 'the server could not find the requested resource', {})
}

export function alreadyExists(type: ResourceType, name: string): ApiError {
  return new ApiError(409, 'AlreadyExists', `${qualified(type)} "${name}" already exists`, about(type, name))
}

export function conflict(type: ResourceType, name: string, because?: string): ApiError {
  const why = because ?? 'the object has been modified; please apply your changes to the latest version and try again'
  const message = `Operation cannot be fulfilled on ${qualified(type)} "${name}": ${why}`
  return new ApiError(409, 'Conflict', message, about(type, name))
}

export function badRequest(message: string): ApiError {
  return new ApiError(400, 'BadRequest', message)
}

export function unauthorized(): ApiError {
  return new ApiError(401, 'Unauthorized', 'Unauthorized')
}

export interface Cause {
  field: string
  reason: 'FieldValueInvalid' | 'FieldValueRequired' | 'FieldManagerConflict'
  message: string
}

/** 422 with every field that is wrong. */
export function invalid(type: ResourceType, name: string, causes: Cause[]): ApiError {
  const told = causes.map((cause) => `${cause.field}: ${cause.message}`)
  const list = told.length === 1 ? told[0] : `[${told.join(', ')}]`
  const kind = type.group ? `${type.kind}.${type.group}` : type.kind
  const details = { ...about(type, name), kind: type.kind, causes }
  return new ApiError(422, 'Invalid', `${kind} "${name}" is invalid: ${list}`, details)
}
