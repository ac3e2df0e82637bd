import type { Labels, Severity, Subject } from '../domain/alert.ts'
import { sha256 } from '../domain/json.ts'

export type SubjectDefaults = {
  /** The cluster of alerts that do not name one. */
  cluster: string
}

export const DEFAULT_CORRELATION: readonly string[] = ['alertname', 'cluster', 'namespace', 'workload']

/** What an alert is about, read off its labels alone. */
export function subjectOf(labels: Labels, { cluster }: SubjectDefaults): Subject {
  const guest = guestOf(labels)
  const node = guest === undefined ? nodeOf(labels) : undefined
  return {
    alertname: labels.alertname || 'unnamed',
    cluster: labels.cluster || cluster,
    // On an alert about a node or a guest the namespace is that of the exporter that noticed.
    namespace: node || guest ? undefined : labels.namespace || labels.exported_namespace || undefined,
    workload: guest ?? node ?? workloadOf(labels) ?? hostOf(labels),
    severity: severityOf(labels.severity),
  }
}

/**
 * Alerts with the same key are one incident. Names that are fields of the subject are taken from it, so that pods of one
 * workload meet; other names are labels. Readable, and short enough for an index.
 */
export function correlationKeyOf(subject: Subject, labels: Labels, correlationLabels: readonly string[]): string {
  const key = correlationLabels.map((name) => `${name}=${JSON.stringify(fieldOf(subject, labels, name))}`).join(' ')
  return Buffer.byteLength(key) <= 1_000 ? key : `sha256:${sha256(key)}`
}

function fieldOf(subject: Subject, labels: Labels, name: string): string {
  if (name === 'alertname' || name === 'cluster' || name === 'severity') return subject[name]
  if (name === 'namespace' || name === 'workload') return subject[name] ?? ''
  return labels[name] ?? ''
}

const severities: Record<string, Severity> = {
  critical: 'critical',
  page: 'critical',
  emergency: 'critical',
  fatal: 'critical',
  disaster: 'critical',
  error: 'critical',
  high: 'critical',
  warning: 'warning',
  warn: 'warning',
  average: 'warning',
  medium: 'warning',
  info: 'info',
  information: 'info',
  notice: 'info',
  low: 'info',
  none: 'none',
}

/** An alert that does not say, or says something unknown, is a warning: neither lost among the notes nor a wake-up call. */
function severityOf(label: string | undefined): Severity {
  const name = label?.toLowerCase() ?? ''
  return (Object.hasOwn(severities, name) && severities[name]) || 'warning'
}

/** Labels that name a workload outright, the most telling first. */
const workloadLabels = ['workload', 'deployment', 'statefulset', 'daemonset', 'cronjob', 'job_name', 'rollout']
const otherSubjects = ['persistentvolumeclaim', 'horizontalpodautoscaler', 'guest', 'vm', 'node', 'nodename']

function workloadOf(labels: Labels): string | undefined {
  const given = firstOf(labels, workloadLabels)
  if (given) return labels.job_name === given || labels.workload === given ? withoutSchedule(given) : given
  if (labels.replicaset) return labels.replicaset.replace(REPLICASET_HASH, '')
  const pod = labels.pod || labels.pod_name || labels.exported_pod
  return pod ? ownerOf(pod) : firstOf(labels, otherSubjects)
}

function firstOf(labels: Labels, names: readonly string[]): string | undefined {
  return names.map((name) => labels[name]).find((value) => value !== undefined && value !== '')
}

/**
 * The guest an alert is about, as `qemu/101`: the exporter of Proxmox VE has it in `id`, where it says `node/pve1` and
 * `storage/pve1/local` of other things, and calls the host it runs on `node`.
 */
function guestOf({ id }: Labels): string | undefined {
  return id !== undefined && /^(qemu|lxc)\/\d+$/.test(id) ? id : undefined
}

/**
 * The node an alert is about, or undefined when it is about something that runs on one. Exporters add their own pod and
 * namespace to what they say of a node, so the alert's name decides before those labels do.
 */
function nodeOf(labels: Labels): string | undefined {
  const named = /^(Kube)?(Node|Kubelet)/.test(labels.alertname ?? '') || /^node[-_]exporter$/.test(labels.job ?? '')
  const alone = !labels.pod && !labels.namespace && firstOf(labels, workloadLabels) === undefined
  if (!named && !alone) return undefined
  return labels.node || labels.nodename || (named ? hostOf(labels) : undefined)
}

/** The host of an `instance` label, without its port; an IPv6 address without its brackets. */
function hostOf({ instance }: Labels): string | undefined {
  if (!instance) return undefined
  return instance.replace(/:\d+$/, '').replace(/^\[(.*)\]$/, '$1') || undefined
}

// Kubernetes makes name suffixes from letters that spell no words: k8s.io/apimachinery/pkg/util/rand.
const REPLICASET_HASH = /-[bcdfghjklmnpqrstvwxz2456789]{6,10}$/
const RANDOM = /-[bcdfghjklmnpqrstvwxz2456789]{5}$/

/** `cart-7d9f8b6c5d-x2x4z` is of `cart`, `db-0` of `db`, `agent-x2x4z` of `agent`, `backup-29384756-x2x4z` of `backup`. */
function ownerOf(pod: string): string {
  if (!RANDOM.test(pod)) return pod.replace(/(?<=.)-\d{1,3}$/, '')
  const owner = pod.replace(RANDOM, '')
  return (/-\d{8,10}$/.test(owner) ? withoutSchedule(owner) : owner.replace(REPLICASET_HASH, '')) || pod
}

/** A CronJob names its jobs by the scheduled minute. */
function withoutSchedule(job: string): string {
  return job.replace(/(?<=.)-\d{8,10}$/, '')
}
