import { alerts } from './alerts.ts'
import { clustersList } from './clusters-list.ts'
import { query } from './query.ts'
import { queryRange } from './query-range.ts'
import { rules } from './rules.ts'

/** Every tool of this server, in the order they are published. None of them changes anything. */
export const tools = [clustersList, query, queryRange, alerts, rules]
