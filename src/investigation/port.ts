import type { Labels, Severity } from '../domain/alert.ts'
import type { Mode, Signal } from '../domain/inference.ts'
import type { JsonObject } from '../domain/json.ts'
import type { Report } from './report.ts'

/** What is to be looked into. */
export interface Question {
  incident: number | null
  severity: Severity
  labels: Labels
  annotations: Labels
  /** What is known already, each with its source: changes before the alert, pages, earlier incidents. Texts of strangers. */
  known: readonly { source: string; text: string }[]
  /** Tools that must have been asked before anything is concluded, `kubernetes.describe`: the runbook's checks. */
  required: readonly string[]
  /** Signals that are there before anything was asked: a small margin, a dangerous plan, a person's tap. */
  signals: readonly { reason: Signal; because: string }[]
  mode?: Mode
  deadlineMs: number
  signal?: AbortSignal
  /** Told of each step, for a line of progress. */
  onProgress?: (line: string) => void
}

/** Looks into an incident, read-only, and says what can be shown. Never throws for what a model or a tool did. */
export interface Investigator {
  investigate(question: Question): Promise<Report>
}

/** What one look returned; the same as the toolbox says, with nothing that could change anything. */
export type Seen = { ok: true; result: JsonObject; summary: string } | { ok: false; message: string }

/** Tools that only look. There is no way through it to any other. */
export interface Looking {
  tools(): Promise<readonly LookingTool[]>
  look(tool: string, args: JsonObject, options: { deadlineMs: number; signal?: AbortSignal }): Promise<Seen>
}

export interface LookingTool {
  /** `server.tool` */
  name: string
  description: string
  parameters: JsonObject
}
