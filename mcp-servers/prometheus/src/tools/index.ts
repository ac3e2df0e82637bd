import { alerts } from './alerts.ts'
import { query } from './query.ts'
import { queryRange } from './query-range.ts'
import { rules } from './rules.ts'

/** Every tool of this server, in the order they are published. None of them changes anything. */
export const tools = [query, queryRange, alerts, rules]
