import { readFileSync } from 'node:fs'

/** A webhook as Alertmanager sent it, and what it was answered. */
export interface Delivery {
  at: number
  status: number | string
  alerts: { fingerprint: string; startsAt: string; status: 'firing' | 'resolved' }[]
}

/** What a message said from a moment on: it was sent, or edited. Plain text, markup taken out. */
export interface Said {
  at: number
  message: number
  text: string
}

/** A change the cluster took on: dry runs and refusals are not in here. */
export interface Change {
  at: number
  /** `chaos/w1` */
  workload: string
  /** The id it was marked with; null for what other people change. */
  effect: string | null
  body: unknown
}

/** What a person did on the phone, as this harness did it for them. */
export interface Pressing {
  at: number
  by: string
  label: string
  message: number
  workload: string
}

/** One entry of the agent's ledger. */
export interface Entry {
  seq: number
  kind: string
  at: number
  incident: number | null
  body: Record<string, unknown>
}

/** An alert that was fired in this run, and the workload it is about. */
export interface Fired {
  fingerprint: string
  workload: string
}

/** An end that somebody must have been told of. */
export interface Ending {
  workload: string
  /** What the card must say in the end. */
  says: RegExp
}

/** Everything that was seen from outside in one lane, and the ledger. */
export interface History {
  deliveries: readonly Delivery[]
  said: readonly Said[]
  changes: readonly Change[]
  pressings: readonly Pressing[]
  ledger: readonly Entry[]
  fired: readonly Fired[]
  endings: readonly Ending[]
}

type Line = Record<string, unknown> & { at: number; call: string }

function linesOf(path: string): Line[] {
  return readFileSync(path, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Line)
}

export function readDeliveries(path: string): Delivery[] {
  return linesOf(path).filter((line) => line.call === 'webhook') as unknown as Delivery[]
}

export function readSaid(path: string): Said[] {
  return linesOf(path).flatMap((line) => {
    if (line.status !== 200 || !/^(sendmessage|editmessagetext)$/i.test(line.call)) return []
    const params = line.params as { text?: unknown; message_id?: unknown }
    const message = Number(line.message_id ?? params.message_id)
    return [{ at: line.at, message, text: withoutMarkup(String(params.text ?? '')) }]
  })
}

const PATCHED = /^(?:PATCH|PUT|POST|DELETE) .*\/namespaces\/([^/]+)\/deployments\/([^/]+)$/

export function readChanges(path: string): Change[] {
  return linesOf(path).flatMap((line) => {
    const [, namespace, name] = PATCHED.exec(line.call) ?? []
    if (name === undefined || line.dryRun === true || line.changed !== true) return []
    // Other people's changes leave our mark as it was: only a body that brings one is ours.
    const effect = typeof line.effect === 'string' && marks(line.body) ? line.effect : null
    return [{ at: line.at, workload: `${namespace}/${name}`, effect, body: line.body }]
  })
}

function marks(body: unknown): boolean {
  return JSON.stringify(body ?? null).includes('watchkeeper/effects')
}

function withoutMarkup(html: string): string {
  const plain = html.replace(/<[^>]*>/g, '')
  return plain.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&quot;', '"').replaceAll('&amp;', '&')
}
