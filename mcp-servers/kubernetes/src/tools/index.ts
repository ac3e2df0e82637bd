import { apiResources } from './api-resources.ts'
import { apply } from './apply.ts'
import { canI } from './can-i.ts'
import { clusterOverview } from './cluster-overview.ts'
import { clustersList } from './clusters-list.ts'
import { cordon } from './cordon.ts'
import { createJobFromCronjob } from './create-job-from-cronjob.ts'
import { deleteTool } from './delete.ts'
import { describeTool } from './describe.ts'
import { diff } from './diff.ts'
import { drain } from './drain.ts'
import { events } from './events.ts'
import { evictPod } from './evict-pod.ts'
import { get } from './get.ts'
import { labelAnnotate } from './label-annotate.ts'
import { list } from './list.ts'
import { logs } from './logs.ts'
import { rolloutHistory } from './rollout-history.ts'
import { rolloutRestart } from './rollout-restart.ts'
import { rolloutStatus } from './rollout-status.ts'
import { rolloutUndo } from './rollout-undo.ts'
import { scale } from './scale.ts'
import { setImage } from './set-image.ts'
import { setResources } from './set-resources.ts'
import { top } from './top.ts'
import { uncordon } from './uncordon.ts'

/** Every tool of this server, in the order they are published: the looking first, then by how much they may cost. */
export const tools = [
  clusterOverview,
  clustersList,
  apiResources,
  list,
  get,
  describeTool,
  events,
  logs,
  top,
  rolloutStatus,
  rolloutHistory,
  canI,
  diff,
  rolloutRestart,
  setResources,
  setImage,
  scale,
  cordon,
  uncordon,
  labelAnnotate,
  createJobFromCronjob,
  rolloutUndo,
  apply,
  deleteTool,
  evictPod,
  drain,
]
