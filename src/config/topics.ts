import { z } from 'zod'
import { Wrong } from './parsers.ts'

/** Topics of the chat and which incidents go where. */
export type TopicPlan = {
  /** Every topic, in the order in which they are made. `key` is how records name it, `name` is what people see. */
  readonly topics: readonly { readonly key: string; readonly name: string }[]
  /** The first route whose matchers all hold decides. A matcher is written as in Alertmanager: `namespace=~"media|arr"`. */
  readonly routes: readonly { readonly matchers: readonly string[]; readonly topic: string }[]
  /** The key of the topic for incidents that no route takes. */
  readonly fallback: string
  /** The key of the topic for digests. */
  readonly reports: string
  /** The key of the topic for what has been resolved. */
  readonly resolved: string
}

const BASE = [
  { key: 'critical', name: '🔴 Critical Alerts' },
  { key: 'infrastructure', name: '🔵 Infrastructure' },
  { key: 'reports', name: '📊 Weekly Reports' },
  { key: 'resolved', name: '✅ Resolved' },
]
const CRITICAL_FIRST = { matchers: ['severity="critical"'], topic: 'critical' }

const EXTRAS = {
  arr: {
    topic: { key: 'arr', name: '🟡 Arr Suite' },
    matchers: ['namespace=~"arr|media|downloads|.*arr"'],
  },
  'home-assistant': {
    topic: { key: 'home-assistant', name: '🏠 Home Assistant' },
    matchers: ['namespace=~"home-assistant|home-automation|hass"'],
  },
}

const REMEDY = `set it to presets with commas between them (default, ${Object.keys(EXTRAS).join(', ')}), or to JSON as docs/configuration.md shows`

const Key = z.string().regex(/^[a-z0-9-]{1,40}$/)
const Matcher = z.string().regex(/^\s*[a-zA-Z_][a-zA-Z0-9_]*\s*(=~|!~|!=|=)[\s\S]*$/)
const Custom = z.strictObject({
  /** Telegram allows 1 to 128 characters. https://core.telegram.org/bots/api#createforumtopic */
  topics: z.array(z.strictObject({ key: Key, name: z.string().min(1).max(128) })).min(1),
  routes: z.array(z.strictObject({ matchers: z.array(Matcher).min(1), topic: Key })).default([]),
  fallback: Key,
  reports: Key.optional(),
  resolved: Key.optional(),
})

/** Reads preset names, or a plan written as JSON. */
export function topicPlan(value: string): TopicPlan {
  return value.startsWith('{') ? customPlan(value) : presetPlan(value.split(',').map((name) => name.trim()))
}

function presetPlan(names: readonly string[]): TopicPlan {
  const extras = names
    .filter((name) => name !== 'default')
    .map((name) => Object.entries(EXTRAS).find(([key]) => key === name)?.[1])
  const found = extras.filter((extra) => extra !== undefined)
  if (found.length < extras.length || new Set(names).size < names.length) throw new Wrong(REMEDY)
  return {
    topics: [...BASE, ...found.map(({ topic }) => topic)],
    routes: [CRITICAL_FIRST, ...found.map(({ topic, matchers }) => ({ matchers, topic: topic.key }))],
    fallback: 'infrastructure',
    reports: 'reports',
    resolved: 'resolved',
  }
}

function customPlan(value: string): TopicPlan {
  const { fallback, topics, routes, reports = fallback, resolved = fallback } = parseCustom(value)
  const keys = topics.map(({ key }) => key)
  if (new Set(keys).size < keys.length) throw new Wrong('give each topic a key of its own')
  const used = [fallback, reports, resolved, ...routes.map(({ topic }) => topic)]
  if (used.some((key) => !keys.includes(key)))
    throw new Wrong('let routes, fallback, reports and resolved name only keys that are among its topics')
  return { topics, routes, fallback, reports, resolved }
}

function parseCustom(value: string) {
  try {
    return Custom.parse(JSON.parse(value))
  } catch (error) {
    const issue = error instanceof z.ZodError ? error.issues[0] : undefined
    throw new Wrong(
      issue ? `mend ${issue.path.join('.') || 'its shape'} in the JSON, as docs/configuration.md shows` : REMEDY,
    )
  }
}
