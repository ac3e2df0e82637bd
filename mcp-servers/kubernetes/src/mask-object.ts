import { looksSecretName, MASKED, maskDeep, maskText } from '@watchkeeper/mcp-shared'
import type { KubeObject, Meta } from './objects.ts'

/** Annotations that repeat a whole object, secrets and all. */
const COPIES = ['kubectl.kubernetes.io/last-applied-configuration', 'objectset.rio.cattle.io/applied']
/** Kinds whose payload is a secret or a credential, whatever its fields are called. */
const SECRET_KINDS = /^(Secret|SealedSecret|TalosConfig|Kubeconfig|MachineConfig|BootstrapToken)$/

/**
 * An object as it may be shown: without `managedFields` and copies of itself, Secret payloads by size only, environment
 * variables and fields that look secret masked, and every text searched for known shapes of secrets.
 */
export function maskObject(object: KubeObject): KubeObject {
  const { metadata, ...body } = object
  const { managedFields: _managed, annotations, ...meta } = metadata ?? {}
  const kept = Object.entries(annotations ?? {}).filter(([key]) => !COPIES.includes(key))
  const shown = { ...meta, ...(kept.length > 0 ? { annotations: Object.fromEntries(kept) } : {}) }
  const masked = SECRET_KINDS.test(object.kind ?? '')
    ? withoutPayload(body)
    : maskEnv(maskDeep(maskConfig(object.kind, body)))
  return { ...(masked as KubeObject), metadata: maskDeep(shown) as Meta }
}

function withoutPayload(body: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(body).map(([field, value]) =>
      ['apiVersion', 'kind', 'type', 'immutable'].includes(field) ? [field, value] : [field, sizes(value)],
    ),
  )
}

/** The same structure with every value replaced by how long it is. */
function sizes(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sizes)
  if (value !== null && typeof value === 'object')
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, sizes(inner)]))
  return typeof value === 'string' ? `${MASKED} (${value.length} characters)` : MASKED
}

/** ConfigMaps are not secret, but people put secrets there: whole files are searched, and keys judged by their name. */
function maskConfig(kind: string | undefined, body: Record<string, unknown>): Record<string, unknown> {
  if (kind !== 'ConfigMap' || body.data === null || typeof body.data !== 'object') return body
  const data = Object.entries(body.data ?? {}).map(([key, value]) => [
    key,
    looksSecretName(key) || looksLikeCredentialFile(value) ? `${MASKED} (${String(value).length} characters)` : value,
  ])
  return { ...body, data: Object.fromEntries(data) }
}

function looksLikeCredentialFile(value: unknown): boolean {
  return typeof value === 'string' && /^\s*(kind:\s*Config\b|machine:\s*$)|client-key-data:|^\s*ca:\s+LS0t/m.test(value)
}

/** `{ name, value }` pairs anywhere (environment variables, Helm-like settings) are masked when the name looks secret. */
function maskEnv(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(maskEnv)
  if (value === null || typeof value !== 'object') return value
  const entries = Object.entries(value).map(([key, inner]): [string, unknown] => [key, maskEnv(inner)])
  const { name, value: text } = Object.fromEntries(entries)
  if (
    typeof name === 'string' &&
    typeof text === 'string' &&
    text !== '' &&
    (looksSecretName(name) || /key$/i.test(name))
  )
    return { ...Object.fromEntries(entries), value: MASKED }
  return Object.fromEntries(
    entries.map(([key, inner]) => [key, key === 'args' || key === 'command' ? maskWords(inner) : inner]),
  )
}

/** Command lines: `--password x` and `--password=x`, whether in one word or in two. */
function maskWords(words: unknown): unknown {
  if (!Array.isArray(words)) return words
  return words.map((word, at) => {
    const before: unknown = words[at - 1]
    const flagged = typeof before === 'string' && /^--?[\w-]+$/.test(before) && looksSecretName(before)
    return typeof word === 'string' ? (flagged && !word.startsWith('-') ? MASKED : maskText(word)) : word
  })
}
