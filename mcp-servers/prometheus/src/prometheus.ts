/** A series and its samples: times in Unix seconds, values as Prometheus has them, NaN and infinities among them. */
export type Series = {
  labels: Readonly<Record<string, string>>
  samples: readonly (readonly [time: number, value: number])[]
}

export type ActiveAlert = {
  labels: Readonly<Record<string, string>>
  annotations: Readonly<Record<string, string>>
  state: string
  activeAt: string
  value: string
}

export type Rule = {
  group: string
  name: string
  kind: string
  query: string
  state: string
  health: string
  /** Seconds the condition has to hold. */
  duration: number
  lastError: string
}

/** What the tools ask of one Prometheus. Throws `ToolError`; every call ends with its signal. */
export interface Prometheus {
  readonly name: string
  /** At one moment: `time` in Unix seconds, now unless told. A scalar is one series without labels. */
  query(expression: string, time: number | undefined, signal: AbortSignal): Promise<Series[]>
  /** `start`, `end` and `step` in seconds. */
  queryRange(expression: string, range: Range, signal: AbortSignal): Promise<Series[]>
  alerts(signal: AbortSignal): Promise<ActiveAlert[]>
  rules(signal: AbortSignal): Promise<Rule[]>
}

export type Range = { start: number; end: number; step: number }
