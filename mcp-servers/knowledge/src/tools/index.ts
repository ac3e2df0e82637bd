import { decisionsLike } from './decisions-like.ts'
import { runbookGet } from './runbook-get.ts'
import { runbookStats } from './runbook-stats.ts'
import { search } from './search.ts'

/** Every tool of this server, in the order they are published. None of them changes anything. */
export const tools = [search, runbookGet, runbookStats, decisionsLike]
