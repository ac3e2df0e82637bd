import { writeLedger } from '../../autonomy/ledger.ts'
import { announcer } from '../../incidents/announce.ts'
import { retireButtons } from '../../incidents/move.ts'
import { CARDS_CHANNEL } from '../../incidents/wake.ts'
import { inTransaction, type Sql, type SqlOrTx, type Tx } from '../../storage/postgres.ts'
import type { Sent } from './messenger.ts'
import type { Row } from './rows.ts'

/** Where the card of an incident stands in a chat. A null message id: it was sent, and the answer was lost. */
export interface Shown {
  chatId: number
  threadId: number | null
  messageId: number | null
  bodyHash: string | null
  shownDigest: string | null
}

export interface CardKey {
  channel: string
  incident: number
}

export type Sending = { kind: 'first' } | { kind: 'again' } | { kind: 'bound'; messageId: number }

/**
 * Writes down that a copy of the card is about to go out, before it does: if its answer is lost, a press on it is known to
 * be in the right place. If an earlier copy's answer was lost, its buttons die here, so that only one keyboard lives; where
 * a press has bound that copy meanwhile, there is nothing to send.
 */
export async function beginSending(
  sql: Sql,
  { channel, incident }: CardKey,
  { chatId, threadId }: { chatId: number; threadId: number | null },
): Promise<Sending> {
  const { count } = await sql`
    insert into messages (channel, incident_id, kind, chat_id, thread_id)
    values (${channel}, ${incident}, 'card', ${chatId}, ${threadId}) on conflict do nothing`
  if (count === 1) return { kind: 'first' }
  return await inTransaction(sql, async (tx) => {
    const [row] = await tx<{ message_id: number | null }[]>`
      select message_id from messages
      where channel = ${channel} and incident_id = ${incident} and kind = 'card' for update`
    if (row?.message_id) return { kind: 'bound', messageId: row.message_id }
    await retireButtons(tx, incident)
    await tx`
      update messages
      set chat_id = ${chatId}, thread_id = ${threadId}, body_hash = null, shown_digest = null, sent_at = watch_now()
      where channel = ${channel} and incident_id = ${incident} and kind = 'card'`
    await tx`select pg_notify(${CARDS_CHANNEL}, ${String(incident)})`
    return { kind: 'again' }
  })
}

/** Nothing was sent after all: no copy is about that a press could bind. */
export async function sentNothing(sql: Sql, { channel, incident }: CardKey): Promise<void> {
  await sql`
    delete from messages
    where channel = ${channel} and incident_id = ${incident} and kind = 'card' and message_id is null`
}

/** The message is gone from the chat: its buttons are dead, and the next card is a new message. */
export async function forgetMessage(sql: Sql, key: CardKey, messageId: number): Promise<void> {
  await inTransaction(sql, (tx) => forgetIn(tx, key, messageId))
}

async function forgetIn(tx: Tx, { channel, incident }: CardKey, messageId: number): Promise<void> {
  await tx`
    delete from messages
    where channel = ${channel} and incident_id = ${incident} and kind = 'card' and message_id = ${messageId}`
  await retireButtons(tx, incident)
}

/** The same, noticed by something else than its card: the card is shown anew, wherever its place is by then. */
export async function showAnew(sql: Sql, key: CardKey, messageId: number): Promise<void> {
  await inTransaction(sql, async (tx) => {
    await forgetIn(tx, key, messageId)
    await announcer([key.channel]).card(tx, [key.incident])
  })
}

export interface Delivered {
  sent: Pick<Sent, 'messageId'>
  bodyHash: string
  /** Digest of the plan on the card; null without one. */
  digest: string | null
  /** Digest of the plan on the card before. */
  before: string | null
}

/**
 * The message is there and nobody can read the card in it: what it shows is not written down, and so the next drawing is
 * never taken for what it shows already. False as for `delivered`.
 */
export async function withheld(sql: Sql, { channel, incident }: CardKey, messageId: number): Promise<boolean> {
  const { count } = await sql`
    update messages set message_id = ${messageId}, body_hash = null, shown_digest = null
    where channel = ${channel} and incident_id = ${incident} and kind = 'card'
      and (message_id is null or message_id = ${messageId})`
  return count === 1
}

/**
 * The messenger has the card: its message is known from here on, its row is settled, and the first time it showed this plan
 * is in the ledger. False when a press has bound another copy meanwhile: then this one is superfluous, and its row unsettled.
 */
export async function delivered(
  sql: Sql,
  { channel, incident }: CardKey,
  row: Row,
  { sent, bodyHash, digest, before }: Delivered,
): Promise<boolean> {
  const write = (on: SqlOrTx) => on<{ chat_id: number }[]>`
    with shown as (
      update messages set message_id = ${sent.messageId}, body_hash = ${bodyHash}, shown_digest = ${digest}
      where channel = ${channel} and incident_id = ${incident} and kind = 'card'
        and (message_id is null or message_id = ${sent.messageId})
      returning chat_id),
    settled as (
      update outbox set sent_at = watch_now(), sending_since = null, error = null
      where id = ${row.id} and attempts = ${row.attempts} and exists (select from shown))
    select chat_id from shown`
  if (digest === null || digest === before) return (await write(sql)).length === 1
  return await inTransaction(sql, async (tx) => {
    const [message] = await write(tx)
    if (!message) return false
    await writeLedger(tx, [
      {
        kind: 'shown',
        incident,
        key: `shown:${channel}:${digest}`,
        body: { channel, plan: digest, chat: message.chat_id, message: sent.messageId },
      },
    ])
    return true
  })
}
