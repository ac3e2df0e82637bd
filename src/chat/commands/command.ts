import type { DeskOptions } from '../../approvals/desk.ts'
import type { Labels } from '../../domain/alert.ts'
import type { Mode } from '../../domain/inference.ts'
import type { Person } from '../../domain/person.ts'
import type { Runbook } from '../../domain/runbook.ts'
import type { RunbookPages } from '../../domain/view.ts'
import type { Announcer } from '../../incidents/announce.ts'
import type { BudgetLimits } from '../../inference/budget.ts'
import type { AnswerPlace } from '../../investigation/investigation-rows.ts'
import type { Sql, Tx } from '../../storage/postgres.ts'
import type { Queue } from '../../storage/queue.ts'
import type { OutboxLog } from '../outbox/deps.ts'

/** Which models there are, and what they may cost. */
export interface Models {
  /** Those that can be asked, and whether they answer. */
  status: () => readonly { place: 'local' | 'cloud'; model: string; ready: boolean }[]
  /** The mode of the configuration. */
  mode: Mode
  budget: BudgetLimits
}

export interface CommandDeps {
  sql: Sql
  queue: Queue
  announcer: Announcer
  options: DeskOptions
  runbookOf: RunbookPages
  /** The runbooks in use, by id; none unless told. */
  runbooks?: () => ReadonlyMap<string, Runbook>
  /** No models at all unless told. */
  models?: Models
  /** The cluster whose levels and records are told where a runbook is shown. */
  cluster?: string
  /** Whether labels keep an incident at home: then no more of it is said than that there is one; none unless told. */
  keepsHome?: (labels: Labels) => boolean
  /** A one-time link into the console for this person; undefined where there is no console. */
  consoleLink: (person: Person) => Promise<string | undefined>
  /** What is wrong with the chat itself, in sentences. */
  troubles: () => readonly string[]
  log: OutboxLog
}

/** What is answered. `html` where the text must stand as it is; `secret`: only to the person, in private. */
export interface Reply {
  text: string
  html?: string
  secret?: boolean
}

export interface Command {
  tx: Tx
  person: Person
  name: string
  /** What stands behind the name, without spaces at its ends. */
  words: string
  /** The incident it is about: named in its words, or that of the card it replies to. */
  incident: number | null
  /** Where an answer that takes its time goes. */
  answerTo: AnswerPlace
}
