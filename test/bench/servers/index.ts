import { kubernetesBench } from './kubernetes.ts'
import type { ServerBench } from './server-bench.ts'

/** Every server that is measured. */
export const serverBenches: readonly ServerBench[] = [kubernetesBench]
