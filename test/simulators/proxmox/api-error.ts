/** An answer that is no success. The reason stands in the status line, as Proxmox VE does it. */
export class ApiError extends Error {
  readonly status: number
  /** By parameter, of a 400. */
  readonly errors: Record<string, string> | undefined

  constructor(status: number, reason: string, errors?: Record<string, string>) {
    super(reason)
    this.status = status
    this.errors = errors
  }
}

/** 500 is what Proxmox VE answers to nearly everything that it will not do. */
export function cannot(reason: string): ApiError {
  return new ApiError(500, reason)
}
