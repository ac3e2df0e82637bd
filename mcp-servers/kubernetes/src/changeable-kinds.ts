import { z } from 'zod'

/**
 * The kinds that whole-object tools may touch. Lists of names and no more: RBAC, Secrets, webhooks, custom resource
 * definitions, service accounts and storage are not on them, and the operator's ClusterRole has no more than these either.
 */
export const APPLIED_KINDS = [
  'ConfigMap',
  'CronJob',
  'DaemonSet',
  'Deployment',
  'HorizontalPodAutoscaler',
  'Ingress',
  'Job',
  'NetworkPolicy',
  'PersistentVolumeClaim',
  'PodDisruptionBudget',
  'Service',
  'StatefulSet',
] as const

/** Without claims, which hold data, and without budgets and network policies, whose absence lets more happen. */
export const DELETED_KINDS = [
  'ConfigMap',
  'CronJob',
  'DaemonSet',
  'Deployment',
  'HorizontalPodAutoscaler',
  'Ingress',
  'Job',
  'Pod',
  'ReplicaSet',
  'Service',
  'StatefulSet',
] as const

export const LABELLED_KINDS = [...APPLIED_KINDS, 'Namespace', 'Node', 'Pod'] as const

export const AppliedKind = z.enum(APPLIED_KINDS)
export const DeletedKind = z.enum(DELETED_KINDS)
export const LabelledKind = z.enum(LABELLED_KINDS)
