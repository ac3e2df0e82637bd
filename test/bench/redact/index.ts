import { knowledgeRedact } from './knowledge.ts'
import { kubernetesRedact } from './kubernetes.ts'
import type { RedactBench } from './planted-server.ts'
import { prometheusRedact } from './prometheus.ts'
import { proxmoxRedact } from './proxmox.ts'
import { talosRedact } from './talos.ts'

/** Every server whose answers are searched. */
export const redactBenches: readonly RedactBench[] = [
  kubernetesRedact,
  proxmoxRedact,
  talosRedact,
  prometheusRedact,
  knowledgeRedact,
]
