import { kubernetesRedact } from './kubernetes.ts'
import type { RedactBench } from './planted-server.ts'

/** Every server whose answers are searched. */
export const redactBenches: readonly RedactBench[] = [kubernetesRedact]
