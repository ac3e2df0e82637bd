import type { Policy } from '../../autonomy/policy-setting.ts'
import type { Labels, Severity } from '../../domain/alert.ts'
import type { Button, ButtonSpec } from '../../domain/card.ts'
import type { IncidentStatus, Outcome } from '../../domain/incident.ts'
import type { JsonObject } from '../../domain/json.ts'
import type { Person } from '../../domain/person.ts'
import type { ApprovalDesk } from '../../domain/press.ts'
import type { IncidentView } from '../../domain/view.ts'
import type { ToldAnswer } from '../answers.ts'

/** One line of the list of incidents. */
export interface IncidentSummary {
  id: number
  status: IncidentStatus
  outcome: Outcome | null
  severity: Severity
  alertname: string
  cluster: string
  namespace: string | null
  workload: string | null
  /** Of the alert that opened it; its summary makes the title where no runbook fits. */
  annotations: Labels
  runbookTitle: string | null
  because: string | null
  takenBy: string | null
  /** The incident that works on the same workload and comes first. */
  waitsFor: number | null
  /** An effect of its plan is in doubt, so that a person must say. */
  inDoubt: boolean
  firing: number
  total: number
  openedAt: Date
  closedAt: Date | null
}

/** One entry of the ledger, as it was written. */
export interface LedgerLine {
  seq: number
  kind: string
  incident: number | null
  at: Date
  body: JsonObject
  /** Lower-case hexadecimal, chained to the entry before. */
  hash: string
}

/** A question as the incident's page shows it; plain text, the page escapes it. */
export interface AskedOnPage {
  by: string
  text: string
  at: Date
  /** What is being done just now, while it is; null once it has ended. */
  progress: string | null
  answer: ToldAnswer | null
}

/** A signed-in person, and the secret that this session's forms carry. */
export interface Session {
  person: Person
  csrf: string
}

/** Who is signed in. Tokens and cookies are secrets; only their hashes are kept. */
export interface Sessions {
  /** A one-time token for the login link of a person on the list, good for `ttlMs`. Throws an OperatorError for others. */
  createLogin(person: string, ttlMs: number): Promise<string>
  /** Uses a login token up; answers the session's cookie, or undefined for one that is unknown, used or too old. */
  redeem(token: string): Promise<string | undefined>
  /** Whose session a cookie is, with the role the person has now; undefined once it ended or the person left the list. */
  session(cookie: string): Promise<Session | undefined>
  end(cookie: string): Promise<void>
}

export interface ConsoleOptions {
  /** The address it listens on, such as `127.0.0.1`, and the port it has. */
  host: string
  port: number
  /** Where people reach it, if that is elsewhere: `https://watch.example`. */
  publicUrl?: string
  /** IANA name. */
  timezone: string
}

export interface ConsoleDeps {
  incidents: {
    /** Open ones and the newest closed ones; the newest first. */
    list(): Promise<IncidentSummary[]>
    view(id: number): Promise<IncidentView | undefined>
  }
  buttons: { tokens(incident: number, specs: ButtonSpec[]): Promise<Button[]> }
  desk: ApprovalDesk
  /** What people asked about an incident; left out where nothing answers. */
  questions?: {
    /** Answers why it is not taken, in a sentence; undefined when it is. */
    ask(person: Person, incident: number, text: string): Promise<string | undefined>
    /** The newest last, a few. */
    of(incident: number): Promise<AskedOnPage[]>
  }
  sessions: Sessions
  /** What holds for every replica; an admin may freeze and thaw. */
  policy: {
    now(): Promise<Policy>
    freeze(person: Person): Promise<void>
    thaw(person: Person): Promise<void>
  }
  ledger: { newest(limit: number): Promise<LedgerLine[]> }
  changes: {
    /** Calls back with the number of each incident that changed; answers how to stop. */
    subscribe(listener: (incident: number) => void): () => void
  }
  options: ConsoleOptions
}
