import type { SqlOrTx } from '../storage/postgres.ts'
import { CARDS_CHANNEL } from './wake.ts'

/** What buzzes a phone beside a card: an approval wanted, a failure, an outcome nobody knows, doubt, a new critical incident. */
export type PingKind = 'approval' | 'failed' | 'unknown' | 'doubt' | 'critical'

/** How long a change that is only on its way to something may gather before the card shows where it led. */
export const SOON_MS = 700

/** A message that is refused as it is will not get better; it is tried this often all the same. */
export const REFUSALS = 3

/**
 * Tells people, in the transaction that made it true. What is written is only that a card must be shown again: it is drawn
 * from the records when it is sent, so states that nobody saw in time collapse into the newest.
 */
export interface Announcer {
  /**
   * The cards of these incidents have changed. `soon` is for what passes: a card that people have already is edited once for
   * all of it, a little later.
   */
  card(tx: SqlOrTx, incidents: readonly number[], when?: 'now' | 'soon'): Promise<void>
  /** A short loud line beside the card of each. */
  ping(tx: SqlOrTx, incidents: number | readonly number[], kind: PingKind): Promise<void>
  /** A line of its own in a topic; the same subject unsent is replaced. */
  notice(
    tx: SqlOrTx,
    notice: { subject: string; topic: string; text: string; loud?: boolean; incident?: number },
  ): Promise<void>
}

/** A nudge is `12,13`, or `soon/12,13`. */
const SOON = 'soon/'

/** Whether a nudge is about cards that are all due a little later, since people have them already. */
export function isSoon(nudge: string): boolean {
  return nudge.startsWith(SOON)
}

/** The incidents a nudge is about. */
export function nudgedIncidents(nudge: string): number[] {
  return nudge
    .slice(isSoon(nudge) ? SOON.length : 0)
    .split(',')
    .map(Number)
    .filter(Number.isSafeInteger)
}

/** An announcer for these messengers (`telegram`); the console draws from the records and needs only the nudge. */
export function announcer(channels: readonly string[]): Announcer {
  const names = [...channels]
  return {
    async card(tx, incidents, when = 'now') {
      if (incidents.length === 0) return
      const ids = [...incidents]
      const nudged = ids.slice(0, 200).join(',')
      // A waiting row is locked until this commits, so that nobody draws it from before what is being told. What was refused said
      // something else: as a card it gets one more try. Not all of them, or one that changes often would never be told at all.
      await tx`
        with wanted as (
          insert into outbox (channel, incident_id, kind, subject, not_before)
          select distinct to_name, id, 'card', 'card:' || id,
            case when ${when} = 'now' or (
                select m.message_id from messages m
                where m.channel = to_name and m.incident_id = id and m.kind = 'card') is null then '-infinity'
              else watch_now() + ${SOON_MS} * interval '1 millisecond' end
          from unnest(${names}::text[]) to_name cross join unnest(${ids}::bigint[]) id
          order by id
          on conflict (channel, subject) where sent_at is null do update
            set not_before = least(outbox.not_before, excluded.not_before),
              refusals = least(outbox.refusals, ${REFUSALS - 1}::integer)
          returning not_before)
        select pg_notify(${CARDS_CHANNEL}, case
          when ${when} = 'now' or exists (select from wanted where not_before <= watch_now()) then ${nudged}::text
          else ${SOON + nudged}::text end)`
    },
    async ping(tx, incidents, kind) {
      const ids = [incidents].flat()
      if (names.length === 0 || ids.length === 0) return
      await tx`
        insert into outbox (channel, incident_id, kind, subject, text, loud)
        select distinct channel, id, 'ping', 'ping:' || id, ${kind}, true
        from unnest(${names}::text[]) channel cross join unnest(${ids}::bigint[]) id
        order by id
        on conflict (channel, subject) where sent_at is null do update set text = excluded.text`
    },
    async notice(tx, { subject, topic, text, loud = false, incident }) {
      if (names.length === 0) return
      await tx`
        insert into outbox (channel, incident_id, kind, subject, text, loud, topic)
        select channel, ${incident ?? null}, 'notice', ${subject}, ${text}, ${loud}, ${topic} from unnest(${names}::text[]) channel
        on conflict (channel, subject) where sent_at is null do update set text = excluded.text, loud = excluded.loud`
    },
  }
}
