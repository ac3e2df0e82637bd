import { kubernetesBench } from './kubernetes.ts'
import { proxmoxBench } from './proxmox.ts'
import type { ServerBench } from './server-bench.ts'
import { talosBench } from './talos.ts'

/** Every server that is measured. */
export const serverBenches: readonly ServerBench[] = [kubernetesBench, proxmoxBench, talosBench]
