import type { TopicPlan } from '../config.ts'
import type { Labels } from '../domain/alert.ts'
import type { Incident } from '../domain/incident.ts'
import type { Matcher } from '../domain/runbook.ts'
import { matches, parseMatcher } from '../knowledge/alert-matchers.ts'
import type { Sql } from '../storage/postgres.ts'
import type { OutboxLog, Topics } from './outbox/deps.ts'
import { MessengerError } from './outbox/messenger.ts'

export interface ChatTopics extends Topics {
  /** Why the chat's topics are not used, in a sentence for the start-up table; null while they are. */
  trouble(): string | null
  /** The key of the topic for what is over. */
  resolved: string
}

export interface TopicsDeps {
  sql: Sql
  plan: TopicPlan
  chatId: number
  /** Makes a topic in the chat. Throws MessengerError. */
  make: (name: string) => Promise<number>
  log: OutboxLog
  now?: () => number
}

/** Any constant of our own, and the chat: two replicas never make the same topic. */
const TOPIC_LOCK = 0x77_6b_74
/** A topic that is gone twice within this time is not made again and again. */
const SHORT_LIFE_MS = 60_000
/** A chat may be made a forum, or the bot given the right, at any time. */
const TRY_AGAIN_MS = 600_000

/**
 * The topics of a chat by their keys: made once by whichever replica needs one first, their threads kept in the database,
 * for Telegram cannot list them. A chat without topics is used as it is, and that is said once.
 */
export function chatTopics({ sql, plan, chatId, make, log, now = Date.now }: TopicsDeps): ChatTopics {
  const names = new Map(plan.topics.map(({ key, name }) => [key, name]))
  const routes = plan.routes.map(({ matchers, topic }) => ({ matchers: matchers.map(readMatcher), topic }))
  const known = new Map<string, number>()
  /** When topics were last found gone, by their names. */
  const goneAt = new Map<string, number>()
  let trouble: { because: string; until: number } | undefined

  async function find(name: string): Promise<number> {
    return await sql.begin(async (tx) => {
      await tx`select pg_advisory_xact_lock(${TOPIC_LOCK}, ${hashOfChat(chatId)})`
      const [kept] = await tx<{ thread_id: number }[]>`
        select thread_id from topics where chat_id = ${chatId} and name = ${name}`
      if (kept) return kept.thread_id
      const threadId = await make(name)
      await tx`insert into topics (chat_id, name, thread_id) values (${chatId}, ${name}, ${threadId})`
      return threadId
    })
  }

  function withoutTopics(because: string): void {
    if (trouble?.because !== because) log.warn({ chat: chatId }, because)
    trouble = { because, until: now() + TRY_AGAIN_MS }
  }

  return {
    fallback: plan.fallback,
    resolved: plan.resolved,
    trouble: () => trouble?.because ?? null,
    routeOf: (incident) => routeOf(routes, incident) ?? plan.fallback,
    async thread(key) {
      const name = names.get(topicFor(plan, key)) ?? ''
      const cached = known.get(name)
      if (cached !== undefined) return cached
      if (trouble && now() < trouble.until) return null
      try {
        const threadId = await find(name)
        known.set(name, threadId)
        trouble = undefined
        return threadId
      } catch (error) {
        if (!(error instanceof MessengerError)) throw error
        // The topic may be there; what was to be said in it is not, and must not be counted as said.
        if (error.failure === 'unknown') throw new MessengerError('failed', error.message, { cause: error })
        if (error.failure !== 'refused') throw error
        withoutTopics(`${error.message} Until then everything goes into the chat itself.`)
        return null
      }
    },
    async forget(threadId) {
      for (const [name, id] of known) {
        if (id !== threadId) continue
        known.delete(name)
        const before = goneAt.get(name)
        goneAt.set(name, now())
        if (before !== undefined && now() - before < SHORT_LIFE_MS)
          withoutTopics(
            `The topic ${name} was gone again as soon as it was made. Look who deletes it. Until then everything goes into the chat itself.`,
          )
      }
      await sql`delete from topics where chat_id = ${chatId} and thread_id = ${threadId}`
    },
  }
}

/** Keys that records use are mapped to what the plan calls them; one that no plan knows goes to the fallback. */
function topicFor(plan: TopicPlan, key: string): string {
  if (key === 'resolved') return plan.resolved
  if (key === 'reports') return plan.reports
  return plan.topics.some((topic) => topic.key === key) ? key : plan.fallback
}

type Route = { matchers: readonly (Matcher | undefined)[]; topic: string }

function routeOf(routes: readonly Route[], incident: Incident): string | undefined {
  const labels = labelsOf(incident)
  return routes.find(({ matchers }) => matchers.every((matcher) => matcher !== undefined && matches(matcher, labels)))
    ?.topic
}

/** An alert's labels, with what was read off them where a label is not there under that name. */
function labelsOf({ labels, severity, alertname, cluster, namespace, workload }: Incident): Labels {
  const read = {
    severity,
    alertname,
    cluster,
    ...(namespace !== null && { namespace }),
    ...(workload !== null && { workload }),
  }
  return { ...read, ...labels, severity }
}

function readMatcher(text: string): Matcher | undefined {
  const parsed = parseMatcher(text)
  return 'matcher' in parsed ? parsed.matcher : undefined
}

/** Advisory locks take two 32-bit numbers; ids of chats are larger. */
function hashOfChat(chatId: number): number {
  return Number(BigInt.asIntN(32, BigInt(chatId)))
}
