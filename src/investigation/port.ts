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
  /** What a plan may name; nothing can be proposed unless told. */
  plannable?: Plannable
  /** Signals that are there before anything was asked: a small margin, a dangerous plan, a person's tap. */
  signals: readonly { reason: Signal; because: string }[]
  /** Which models may be asked; read before each time that one is, because people change it meanwhile. */
  mode?: () => Promise<Mode>
  /** Nothing of it may leave for the cloud, whatever its labels say. */
  staysHome?: boolean
  /** Names of machines beside those in its labels: to a model in the cloud they are placeholders. */
  names?: readonly string[]
  deadlineMs: number
  signal?: AbortSignal
  /** Told of each step, for a line of progress. */
  onProgress?: (line: string) => void
}

/** What a model may propose for people to decide on. */
export interface Plannable {
  /** Runbooks by their ids, with the names of their inputs. */
  runbooks: readonly { id: string; inputs: readonly string[] }[]
  /** Changing tools with their arguments, without those that the agent sets. */
  tools: readonly LookingTool[]
  /** Why a call of one may not be proposed whatever its schema says; undefined when it may. */
  whyNot(tool: string, args: JsonObject): string | undefined
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
