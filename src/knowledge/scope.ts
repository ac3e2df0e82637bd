/** What expressions may look at. `alert` is as it came from outside: conditions may read it, templates may not. */
export interface Scope {
  readonly alert: AlertFacts
  readonly inputs: InputValues
  readonly checks: CheckResults
  /** What the tool under judgement returned: in a check's or a verification's `expect` only. */
  readonly result?: unknown
}

export interface AlertFacts {
  readonly labels: Readonly<Record<string, string>>
  readonly annotations?: Readonly<Record<string, string>>
}

export type InputValues = Readonly<Record<string, string | number>>

/** By check id, only those that ran and were answered; `result` is the tool's structured output. */
export type CheckResults = Readonly<Record<string, { readonly result: unknown }>>
