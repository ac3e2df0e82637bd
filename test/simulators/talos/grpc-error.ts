import { status } from '@grpc/grpc-js'

/** A call that ends with a status other than OK, as the simulator's handlers throw it. */
export class GrpcError extends Error {
  readonly code: number
  readonly details: string

  constructor(code: keyof typeof status, details: string) {
    super(details)
    this.code = status[code]
    this.details = details
  }
}
