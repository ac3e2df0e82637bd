import { CallerError } from '@watchkeeper/mcp-shared'
import type { Member, TalosCluster } from './cluster.ts'
import { type Definition, isSecretKind } from './mask-resource.ts'

const DEFINITIONS = { namespace: 'meta', type: 'ResourceDefinitions.meta.cosi.dev' }

type Spec = {
  type?: string
  displayType?: string
  aliases?: string[]
  allAliases?: string[]
  defaultNamespace?: string
  sensitivity?: string
}

/** Every type of resource a node serves, by name. */
export async function definitionsOf(cluster: TalosCluster, node: Member, signal: AbortSignal): Promise<Definition[]> {
  const found = await cluster.resources(node.address, DEFINITIONS, signal)
  return found
    .map(({ id, spec }) => {
      const { type = id, aliases = [], allAliases = [], defaultNamespace = '', sensitivity = '' } = Object(spec) as Spec
      return {
        type,
        namespace: defaultNamespace,
        sensitive: sensitivity !== '',
        aliases: [...new Set([...aliases, ...allAliases])].map((alias) => alias.toLowerCase()),
      }
    })
    .toSorted((a, b) => a.type.localeCompare(b.type))
}

/** The type that people mean by `members`, `mc` or a full name. Throws `refused` for one that is a secret as a whole. */
export async function findDefinition(
  cluster: TalosCluster,
  node: Member,
  { type: wanted, namespace }: { type: string; namespace: string | undefined },
  signal: AbortSignal,
): Promise<Definition> {
  const name = wanted.toLowerCase()
  const all = await definitionsOf(cluster, node, signal)
  const found =
    all.find(({ type }) => type.toLowerCase() === name) ??
    all.find(({ type, aliases }) => aliases.includes(name) || type.toLowerCase().split('.')[0] === name)
  if (!found)
    throw new CallerError(
      'not_found',
      `${node.name} has no resource type "${wanted}"; resource_definitions lists them.`,
    )
  const chosen = { ...found, namespace: namespace ?? found.namespace }
  if (isSecretKind(found) || isSecretKind(chosen))
    throw new CallerError('refused', `${found.type} holds secrets, and no tool of this server shows them.`)
  return chosen
}
