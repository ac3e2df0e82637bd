import { kubernetesRedact } from './kubernetes.ts'
import type { RedactBench } from './planted-server.ts'
import { proxmoxRedact } from './proxmox.ts'
import { talosRedact } from './talos.ts'

/** Every server whose answers are searched. */
export const redactBenches: readonly RedactBench[] = [kubernetesRedact, proxmoxRedact, talosRedact]
