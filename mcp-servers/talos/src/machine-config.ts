import { CallerError, type DiffLine, maskDeep } from '@watchkeeper/mcp-shared'
import { type Document, isScalar, parse, parseAllDocuments, stringify } from 'yaml'
import { z } from 'zod'
import type { Value, Values } from './change-node.ts'
import { isSecretPath } from './mask-resource.ts'

/** Argument of the tools that change a machine configuration. */
export const Patch = z
  .string()
  .min(3)
  .max(20_000)
  .describe(
    'A merge patch (RFC 7396) of the main document, in YAML or JSON: objects merge, null removes, lists are replaced whole.',
  )

type Tree = { [name: string]: unknown }
type Leaf = { path: string[]; value: unknown }

export type PatchedConfig = {
  yaml: string
  /** The touched values as they were and as they become, each under its dotted path. */
  before: Values
  after: Values
  /** The patch that puts them back. */
  inverse: string
}

/**
 * Applies a merge patch to the main document of a machine configuration; comments, other documents and everything else stay
 * as they are. Throws `refused` for secrets and for what makes a machine another one, `invalid` for what is no patch.
 */
export function patchConfig(yaml: string, patch: string): PatchedConfig {
  const wanted = readPatch(patch)
  const documents = parseAllDocuments(yaml)
  const main = mainDocument(documents)
  const leaves = leavesOf(wanted, main)
  if (leaves.length === 0) throw new CallerError('invalid', 'The patch changes nothing: it names no field.')
  const forbidden = leaves.find(({ path, value }) => isForbidden(path) || holdsSecret(value))
  if (forbidden)
    throw new CallerError(
      'refused',
      `${forbidden.path.join('.')} is not changed through this server: secrets, and what makes a machine another one, are set with talosctl.`,
    )
  const before = valuesAt(main, leaves)
  const inverse = inverseOf(main, leaves)
  for (const { path, value } of leaves) {
    if (value === null) main.deleteIn(path)
    else setKeepingComment(main, path, value)
  }
  const after = valuesAt(main, leaves)
  // Each later document begins with its own `---`.
  const text = (documents as Document[]).map((document) => document.toString({ lineWidth: 0 })).join('')
  return { yaml: text, before, after, inverse }
}

/** A diff a person can read: values that look secret are masked, long ones are cut. */
export function configDiff(before: Values, after: Values): DiffLine[] {
  const changed = Object.keys(before).filter((field) => before[field] !== after[field])
  return changed.map((field) => ({
    field,
    from: shown(field, before[field] ?? null),
    to: shown(field, after[field] ?? null),
  }))
}

function shown(field: string, value: Value): Value {
  const name = field.split('.').at(-1) ?? field
  const masked = (maskDeep({ [name]: value }) as Record<string, Value>)[name] ?? null
  return typeof masked === 'string' && masked.length > 500 ? `${masked.slice(0, 500)}…` : masked
}

function setKeepingComment(main: Document, path: readonly string[], value: unknown): void {
  const node = main.createNode(withoutNulls(value))
  const before: unknown = main.getIn(path, true)
  if (isScalar(before) && isScalar(node)) {
    if (before.comment) node.comment = before.comment
    if (before.type && typeof before.value === typeof node.value) node.type = before.type
  }
  main.setIn(path, node)
}

function readPatch(text: string): Tree {
  let parsed: unknown
  try {
    parsed = parse(text, { maxAliasCount: 0, uniqueKeys: true })
  } catch {
    throw new CallerError('invalid', 'The patch is neither YAML nor JSON.')
  }
  if (isTree(parsed)) return parsed
  throw new CallerError('invalid', 'The patch must be an object, such as {"machine": {"sysctls": {…}}}.')
}

function mainDocument(documents: ReturnType<typeof parseAllDocuments>): Document {
  const found = Array.isArray(documents)
    ? documents.find((document) => document.errors.length === 0 && document.has('machine') && !document.has('kind'))
    : undefined
  if (found) return found as Document
  throw new CallerError('refused', 'The machine configuration of this node has no main document that could be patched.')
}

/** The fields a patch sets or removes: as deep as both the patch and the document have objects. */
function leavesOf(patch: Tree, main: Document, path: string[] = []): Leaf[] {
  return Object.entries(patch).flatMap(([name, value]): Leaf[] => {
    const at = [...path, name]
    if (name.startsWith('$') || name === '__proto__')
      throw new CallerError('invalid', `"${name}" means nothing in a merge patch.`)
    const there: unknown = main.hasIn(at) ? plain(main.getIn(at)) : undefined
    if (isTree(value) && isTree(there)) return leavesOf(value, main, at)
    return [{ path: at, value }]
  })
}

/** Whole sections, and fields, that make a machine another one or run what this server could not check. */
const FORBIDDEN =
  /^(?:machine|cluster|machine\.(?:type|ca|acceptedCAs|install|disks|systemDiskEncryption|files|pods|registries|env)|cluster\.(?:ca|acceptedCAs|id|clusterName|controlPlane|etcd|aggregatorCA|serviceAccount|inlineManifests|extraManifests))$/

function isForbidden(path: readonly string[]): boolean {
  const above = path.map((_, at) => path.slice(0, at + 1))
  if (above.some(isSecretPath)) return true
  // A section as a whole may not be replaced; fields of a section that is open may.
  return above.some((part, at) => FORBIDDEN.test(part.join('.')) && (part.length > 1 || at === path.length - 1))
}

function holdsSecret(value: unknown): boolean {
  if (Array.isArray(value)) return value.some(holdsSecret)
  if (!isTree(value)) return false
  return Object.entries(value).some(([name, inner]) => isSecretPath([name]) || holdsSecret(inner))
}

function valuesAt(main: Document, leaves: readonly Leaf[]): Values {
  return Object.fromEntries(
    leaves.map(({ path }) => [path.join('.'), main.hasIn(path) ? scalar(plain(main.getIn(path))) : null]),
  )
}

function inverseOf(main: Document, leaves: readonly Leaf[]): string {
  const tree: Tree = {}
  for (const { path } of leaves) {
    let at = tree
    for (const name of path.slice(0, -1)) {
      const there = at[name]
      const inner: Tree = isTree(there) ? there : {}
      at[name] = inner
      at = inner
    }
    at[path.at(-1) ?? ''] = main.hasIn(path) ? plain(main.getIn(path)) : null
  }
  return stringify(tree, { lineWidth: 0 })
}

/** Objects and lists as canonical-enough JSON: compared as text, and shown so. */
function scalar(value: unknown): Value {
  if (value === undefined || value === null) return null
  return typeof value === 'object' ? JSON.stringify(value) : (value as Value)
}

function plain(node: unknown): unknown {
  const holder = node as { toJSON?: () => unknown } | null
  return typeof holder?.toJSON === 'function' ? holder.toJSON() : node
}

function withoutNulls(value: unknown): unknown {
  if (!isTree(value)) return value
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, inner]) => inner !== null)
      .map(([name, inner]) => [name, withoutNulls(inner)]),
  )
}

function isTree(value: unknown): value is Tree {
  return value !== null && typeof value === 'object' && !Array.isArray(value)
}
