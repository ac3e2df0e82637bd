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

/** What was done to an object. An eviction ends a pod as a deletion does, and budgets may forbid it. */
export type Deed = 'create' | 'change' | 'delete' | 'evict'

/** A change the cluster took on: dry runs and refusals are not in here. */
export interface Change {
  at: number
  /** The case it belongs to, `chaos/w1`: everything that is a case's own is named after its workload. */
  workload: string
  deed: Deed
  /** `deployments`, `pods`, `nodes` … */
  kind: string
  /** `w1`, `w1-set-0` */
  name: string
  /** The id it was marked with; null for what other people change, and for what ends an object, which keeps no mark. */
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

/** What an action of a plan is about: a change that could not be marked is known by it. */
export interface Planned {
  /** The plan's digest, computed from what is in it. */
  plan: string
  action: number
  tool: string
  /** The name of its target. */
  target: string
  /** The fields of its diff. */
  fields: readonly string[]
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
  planned: readonly Planned[]
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

const WRITE =
  /^(PATCH|PUT|POST|DELETE) \/(?:api|apis\/[^/]+)\/[^/]+(?:\/namespaces\/([^/]+))?\/([a-z]+)(?:\/([^/]+))?(\/eviction)?$/
const DEEDS: Readonly<Record<string, Deed>> = { PATCH: 'change', PUT: 'change', POST: 'create', DELETE: 'delete' }

export function readChanges(path: string): Change[] {
  return linesOf(path).flatMap((line) => {
    if (line.dryRun === true || line.changed !== true) return []
    const [, method = '', namespace = 'chaos', kind = '', named, evicts] = WRITE.exec(line.call) ?? []
    const name = named ?? nameIn(line.body)
    if (name === undefined) return []
    // Other people's changes leave our mark as it was: only a body that brings one is ours.
    const effect = typeof line.effect === 'string' && marks(line.body) ? line.effect : null
    const deed = evicts === undefined ? (DEEDS[method] ?? 'change') : 'evict'
    return [{ at: line.at, workload: caseIn(`${namespace}/${name}`), deed, kind, name, effect, body: line.body }]
  })
}

/** Whether the agent made it: what it changes is marked, and nobody else in these stories ends anything. */
export function isOurs({ effect, deed }: Change): boolean {
  return effect !== null || deed === 'delete' || deed === 'evict'
}

/** The first case that a text names, or an object of its own: `chaos/w1` for `chaos/w1-set-0`. */
export function caseIn(text: string): string {
  const [found = ''] = /\bchaos\/[\w-]+/.exec(text) ?? []
  return /^chaos\/w\d+(?=-|$)/.exec(found)?.[0] ?? found
}

function nameIn(body: unknown): string | undefined {
  return (body as { metadata?: { name?: string } } | undefined)?.metadata?.name
}

function marks(body: unknown): boolean {
  return JSON.stringify(body ?? null).includes('watchkeeper/effects')
}

function withoutMarkup(html: string): string {
  const plain = html.replace(/<[^>]*>/g, '')
  return plain.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&quot;', '"').replaceAll('&amp;', '&')
}
