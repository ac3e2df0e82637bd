import { clusterOverview } from './cluster-overview.ts'
import { describeTool } from './describe.ts'
import { events } from './events.ts'
import { get } from './get.ts'
import { list } from './list.ts'
import { logs } from './logs.ts'
import { rolloutRestart } from './rollout-restart.ts'
import { rolloutStatus } from './rollout-status.ts'
import { scale } from './scale.ts'
import { setResources } from './set-resources.ts'

/** Every tool of this server, in the order they are published: the looking first. */
export const tools = [
  clusterOverview,
  list,
  get,
  describeTool,
  events,
  logs,
  rolloutStatus,
  rolloutRestart,
  setResources,
  scale,
]
