import type { AlertStatus, Labels } from './alert.ts'
import type { Approval, Vote } from './approval.ts'
import type { Change } from './change.ts'
import type { Effect } from './effect.ts'
import type { Incident } from './incident.ts'
import type { InvestigationView } from './investigation.ts'
import type { JsonObject } from './json.ts'
import type { Plan } from './plan.ts'

/** One alert of an incident, as the card needs it. */
export interface AlertView {
  status: AlertStatus
  labels: Labels
  annotations: Labels
  startsAt: Date
  endsAt: Date | null
  marks: readonly string[]
  contradicted: boolean
}

/** What a check of the runbook found. */
export interface Finding {
  /** `check:oom`, `verify:0` */
  key: string
  tool: string
  ok: boolean
  summary: string
  at: Date
  /** Of the look for what changed: what it found, newest first. */
  changes?: readonly Change[] | null
}

export interface TimelineEvent {
  id: number
  round: number
  name: string
  actor: string
  from: string | null
  to: string | null
  detail: JsonObject
  at: Date
}

/** What a runbook says to people, by its id; undefined for one that is no longer there. */
export type RunbookPages = (id: string) => { readonly title: string; readonly prose: string } | undefined

/** Whether incidents with these labels stay at home, and whether there is a cloud to ask. */
export interface Outside {
  keepsHome(labels: Labels): boolean
  cloud: boolean
}

/** Everything a card or a page says about an incident, read in one go. */
export interface IncidentView {
  incident: Incident
  /** Newest first, at most 50. */
  alerts: AlertView[]
  firing: number
  total: number
  runbookTitle: string | null
  /** What its runbook says to people, in Markdown. */
  advice: string | null
  findings: Finding[]
  plan: Plan | null
  /** The newest approval of the plan, whatever its state. */
  approval: Approval | null
  votes: Vote[]
  effects: Effect[]
  timeline: TimelineEvent[]
  /** How models looked into it, the newest first, at most three; none that were dropped. */
  investigations: InvestigationView[]
  /** Its labels keep it at home: the chat says no more than that it is there. */
  keptHome: boolean
  /** A person may have the cloud asked about it. */
  askCloud: boolean
  /** How its runbook did before, here: `{ fixed: 5, notFixed: 1 }`. */
  record: { fixed: number; notFixed: number }
  policy: string
  now: Date
}
