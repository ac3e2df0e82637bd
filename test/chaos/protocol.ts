/** What happens to an agent at a point: it dies at once, stops as if the machine hung, or waits until it is released. */
export type PointAction = 'kill' | 'stop' | 'hold'

/** Where something happens to an agent: before or after the `nth` passage of a point from now on. */
export interface Arm {
  point: string
  when: 'before' | 'after'
  nth: number
  action: PointAction
}

export type ToAgent = { kind: 'arm'; arm: Arm } | { kind: 'disarm' } | { kind: 'release' }
export type FromAgent = { kind: 'ready'; url: string } | { kind: 'reached'; point: string; when: 'before' | 'after' }

/** What an agent runs with that configuration does not let people set: times in milliseconds, and an address without TLS. */
export interface Settings {
  publicUrl?: string
  approvalTtlMs?: number
  authorizationTtlMs?: number
  grantTtlMs?: number
}
