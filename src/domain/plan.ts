import type { Edit } from './edit.ts'
import { hashOf, type JsonObject } from './json.ts'
import type { Level, VerifyClause } from './runbook.ts'

/** The risk of a tool call: it only looks, it changes something, or data or service may be lost. */
export type EffectClass = 'read' | 'write' | 'destructive'

/** What an action touches. `uid` is null where the platform has none. */
export interface Target {
  cluster: string
  kind: string
  namespace: string | null
  name: string
  uid: string | null
}

export interface DiffLine {
  field: string
  from: string | null
  to: string | null
}

/** A call that takes an action back, captured at planning, or why there is none. */
export type WayBack = { tool: string; arguments: JsonObject } | { none: string }

/** One tool call, exactly as it will be sent. */
export interface Action {
  index: number
  /** `server.tool` */
  tool: string
  /** Hash of the tool's published definition at planning. */
  contract: string
  effect: EffectClass
  undoable: boolean
  target: Target
  /** What is sent, to the letter: `dry_run: false` and the precondition are in it. */
  arguments: JsonObject
  diff: DiffLine[]
  /** What the dry run answered, in a sentence. */
  dryRun: string
  wayBack: WayBack
  warnings: string[]
  /** What it costs while it runs, in the runbook's words: `about 20 s down`. */
  costs: string | null
  /** Who owns the object by GitOps (`Argo CD application shop`), null where nobody does: asked for by stricter rules. */
  gitops: string | null
}

/** All of a plan that matters; the digest is over this. Times are absent: a plan does not change by waiting. */
export interface PlanBody {
  v: 1
  incident: number
  round: number
  purpose: 'fix' | 'undo' | 'rest' | 'edited'
  /** Null for a plan that no runbook of this alert stands for: each of its actions is asked for. */
  runbook: { id: string; version: string; ceiling: Level } | null
  /** The investigation, and the cause in it, that this was proposed for by a model. */
  proposal?: { investigation: string; cause: number }
  cluster: string
  /** The values the runbook was filled with. */
  inputs: Readonly<Record<string, string | number>>
  actions: Action[]
  /** The round whose checks the verification may refer to, where it is not this one. */
  checksRound?: number
  /** With arguments filled in. */
  verify: VerifyClause[]
  /** What a person changed of the plan with this digest, and who; `before`: what others had changed already, oldest first. */
  edited?: { by: string; of: string; edits: Edit[]; before?: { by: string; edits: Edit[] }[] }
  /** The people who proposed the plans that this one was made from; absent where there are none. */
  authors?: string[]
}

export interface Plan {
  id: string
  body: PlanBody
  digest: string
  proposedBy: string
  createdAt: Date
}

/** Everybody whose plan this is: who proposed it, and who proposed those it was made from. */
export function authorsOf({ body, proposedBy }: Pick<Plan, 'body' | 'proposedBy'>): string[] {
  return [...new Set([...(body.authors ?? []), proposedBy])]
}

/** The people among them, as a plan made from it keeps them. */
export function peopleBehind(plan: Pick<Plan, 'body' | 'proposedBy'>): { authors?: string[] } {
  const people = authorsOf(plan).filter((name) => name !== 'agent')
  return people.length > 0 ? { authors: people } : {}
}

/** `wk1:` and the SHA-256 over canonical JSON (RFC 8785) of everything that matters. */
export function planDigest(body: PlanBody): string {
  return `wk1:${hashOf(body)}`
}

/** The six digits people compare: `9f3c-a1`. */
export function shortDigest(digest: string): string {
  const hex = digest.slice(digest.indexOf(':') + 1)
  return `${hex.slice(0, 4)}-${hex.slice(4, 6)}`
}

/** Kinds whose names say nothing by themselves. */
const kindWords: Readonly<Record<string, string>> = { VirtualMachine: 'VM', Container: 'CT', Node: 'node' }

/** The target as people name it: `media/radarr`, `VM 131`. */
export function calledTarget({ kind, namespace, name }: Pick<Target, 'kind' | 'namespace' | 'name'>): string {
  if (namespace !== null) return `${namespace}/${name}`
  const called = kindWords[kind]
  return called === undefined ? name : `${called} ${name}`
}

/** How a target is named in records, leases and on cards: `talos-main/deployment/media/radarr`. */
export function targetName(target: Target): string {
  return [target.cluster, target.kind.toLowerCase(), target.namespace, target.name].filter((part) => part).join('/')
}
