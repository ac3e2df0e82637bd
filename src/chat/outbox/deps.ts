import type { QuietHours } from '../../config.ts'
import type { Button, Card } from '../../domain/card.ts'
import type { Incident } from '../../domain/incident.ts'
import type { Observe } from '../../domain/observe.ts'
import type { Outside, RunbookPages } from '../../domain/view.ts'
import type { Sql } from '../../storage/postgres.ts'
import type { Gate } from './gate.ts'
import type { Drawn, Messenger } from './messenger.ts'

/** Which topic something belongs in. */
export interface Topics {
  /** The topic's thread, made if it is not there yet; null where the chat has none. */
  thread(key: string): Promise<number | null>
  /** The key for an incident, by its severity and labels. */
  routeOf(incident: Incident): string
  /** The key for what has no place of its own. */
  fallback: string
  /** The topic was deleted: the next use makes it anew. */
  forget(threadId: number): Promise<void>
}

/** What the outbox writes about itself. */
export interface OutboxLog {
  info(about: object, message: string): void
  warn(about: object, message: string): void
  error(about: object, message: string): void
}

export interface OutboxDeps {
  sql: Sql
  /** Which rows are ours: `telegram`. */
  channel: string
  messenger: Messenger
  gate: Gate
  topics: Topics
  /** Puts a card into the channel's words; every button it shows has its token. */
  draw: (card: Card, buttons: readonly Button[]) => Drawn
  runbookOf: RunbookPages
  /** What stays at home, and whether there is a cloud; nothing and none unless told. */
  outside?: Outside
  /** Where people reach the console: `https://watch.example`. */
  publicUrl?: string
  timezone: string
  quietHours: QuietHours | undefined
  /** After how long a card is drawn again that could not be searched for secrets; 15 s unless told. */
  withheldMs?: number
  log: OutboxLog
  observe: Observe
}
