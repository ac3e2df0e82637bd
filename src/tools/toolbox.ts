import type { JsonObject } from '../domain/json.ts'

/** What one tool call came to. A refusal by the tool is data here; only a bug throws. */
export type ToolAnswer =
  | { ok: true; result: JsonObject; summary: string; tookMs: number }
  | {
      ok: false
      /** `not_found`, `conflict`, `timeout`, `unreachable`, `grant_expired`, …: what kind of no. */
      code: string
      message: string
      retryable: boolean
      /** Whether the call may have reached the platform: after a time-out or a lost answer nobody knows. */
      uncertain: boolean
      tookMs: number
    }

/** What permits one changing call; it travels beside the arguments, signed. */
export interface Permit {
  plan: string
  effect: string
  approver: string
  /** Milliseconds the grant lives; the server aborts the vendor call at its end. */
  ttlMs: number
  /** Unix milliseconds from which its life counts; from when the call is asked for unless told. */
  givenAt?: number
}

export interface CallOptions {
  deadlineMs: number
  signal?: AbortSignal
  permit?: Permit
}

/** One tool as its server publishes it. */
export interface PublishedTool {
  /** `server.tool` */
  name: string
  /** Hash of everything published about it: pinned, and part of a plan. */
  contract: string
  definition: JsonObject
}

/** The hands: calls tools on whichever server has them. */
export interface Toolbox {
  /** Every tool of every server that answers now. */
  tools(): Promise<PublishedTool[]>
  /** One tool as published now; undefined while it is not there or its server is set aside. */
  find(tool: string): Promise<PublishedTool | undefined>
  call(tool: string, args: JsonObject, options: CallOptions): Promise<ToolAnswer>
  /** One line per server: is it there, and if not why. */
  status(): ServerStatus[]
  close(): Promise<void>
}

export interface ServerStatus {
  server: string
  state: 'ready' | 'starting' | 'unreachable' | 'set_aside'
  because: string | null
  tools: number
}
