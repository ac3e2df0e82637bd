import { MASKED, maskDeep } from '@watchkeeper/mcp-shared'
import { parseAllDocuments } from 'yaml'
import { boundSpec, roughly, Spec } from './bound-spec.ts'

/** Names of fields that hold a secret in Talos's own configuration and resources, whatever the value looks like. */
const SECRET_FIELD =
  /^(?:key|secret|token|psk|password|passphrase|username|auth|identitytoken|kubeconfig|.*(?:secret|token|password|passphrase)|.*(?:private|preshared|auth|encryption|api|access|join|shared)_?key|.*salt)$/i
/** Whole texts written by people, in which anything may stand. */
const CONTENT_FIELD = /^contents?$|^inlinemanifest|^usernetconfig|^template$/i
const ENVIRONMENT_FIELD = /^env(?:ironment)?$/i
/** Where the name says secret and the value is none. */
const HARMLESS_FIELD = /^(?:.*name|.*path|.*type|.*enabled|.*ref|.*namespace)$/i

const SECRET_NAMESPACES = new Set(['secrets'])
const SECRET_TYPES =
  /\.secrets\.talos\.dev$|^KubeSpanIdentities\.|^Configs\.(?:cluster|siderolink)\.talos\.dev$|Secret|Kubeconfig|JoinToken|PrivateKey/i
const MACHINE_CONFIG = /^MachineConfigs?\.config\.talos\.dev$/i

export type Definition = { type: string; namespace: string; sensitive: boolean; aliases: readonly string[] }

/** Whether a kind is a secret as a whole. The machine configuration is not: it is shown with its secrets masked. */
export function isSecretKind({ type, namespace, sensitive }: Omit<Definition, 'aliases'>): boolean {
  if (MACHINE_CONFIG.test(type)) return false
  return sensitive || SECRET_NAMESPACES.has(namespace) || SECRET_TYPES.test(type)
}

/** The spec of a resource as it may be shown, in at most `bytes` of JSON. */
export function showSpec(type: string, spec: unknown, bytes = 60_000): { value: Spec; truncated: boolean } {
  // The machine configuration is one text, which has to be whole to be parsed.
  const first = MACHINE_CONFIG.test(type)
    ? { value: spec, truncated: false }
    : roughly(spec, Math.max(20_000, 4 * bytes))
  const { value, truncated } = boundSpec(maskSpec(type, first.value), bytes)
  return { value: Spec.parse(value ?? null), truncated: truncated || first.truncated }
}

/** The spec of a resource without its secrets. A spec that is text holding YAML (the machine configuration) becomes its documents. */
export function maskSpec(type: string, spec: unknown): unknown {
  if (MACHINE_CONFIG.test(type)) return maskConfig(spec)
  return maskDeep(maskFields(spec))
}

/** The documents of a machine configuration, masked. What cannot be parsed is not shown at all. */
export function maskConfig(config: unknown): unknown {
  if (typeof config !== 'string') return maskDeep(maskFields(config))
  const documents = parseAllDocuments(config)
  if (!Array.isArray(documents) || documents.some(({ errors }) => errors.length > 0))
    return `${MASKED} (${config.length} characters that are not YAML)`
  return documents.map((document) => maskDeep(maskFields(document.toJS({ maxAliasCount: 100 }))))
}

/** Whether the last name of a path is one whose value must never be written or shown. */
export function isSecretPath(path: readonly string[]): boolean {
  const last = path.at(-1) ?? ''
  return SECRET_FIELD.test(last) && !HARMLESS_FIELD.test(last)
}

function maskFields(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(maskFields)
  if (value === null || typeof value !== 'object') return value
  const kubernetesSecret = Object(value).kind === 'Secret'
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]): [string, unknown] => {
      if (ENVIRONMENT_FIELD.test(name)) return [name, maskEnvironment(inner)]
      if (kubernetesSecret && /^(?:data|stringData)$/.test(name)) return [name, maskAll(inner)]
      if (CONTENT_FIELD.test(name) && typeof inner === 'string') return [name, sized(inner)]
      if (isSecretPath([name])) return [name, maskAll(inner)]
      return [name, maskFields(inner)]
    }),
  )
}

/** Names only: what stands in an environment is a credential more often than not. */
function maskEnvironment(value: unknown): unknown {
  if (Array.isArray(value))
    return value.map((entry) =>
      typeof entry === 'string' ? entry.replace(/=.*$/s, `=${MASKED}`) : maskEnvironment(entry),
    )
  if (value === null || typeof value !== 'object') return maskAll(value)
  const { name } = value as { name?: unknown }
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [key, key === 'name' && inner === name ? inner : maskAll(inner)]),
  )
}

function maskAll(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(maskAll)
  if (value !== null && typeof value === 'object')
    return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, maskAll(inner)]))
  return value === null || value === '' ? value : MASKED
}

function sized(text: string): string {
  return text === '' ? '' : `${MASKED} (${text.length} characters)`
}
