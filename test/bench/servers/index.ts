import { knowledgeBench } from './knowledge.ts'
import { kubernetesBench } from './kubernetes.ts'
import { prometheusBench } from './prometheus.ts'
import { proxmoxBench } from './proxmox.ts'
import type { ServerBench } from './server-bench.ts'
import { talosBench } from './talos.ts'

/** Every server that is measured. */
export const serverBenches: readonly ServerBench[] = [
  kubernetesBench,
  proxmoxBench,
  talosBench,
  prometheusBench,
  knowledgeBench,
]
