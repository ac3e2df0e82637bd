import { parse } from 'yaml'
import type { Resource } from './cluster.ts'
import { isoOf, type TimestampMessage } from './timestamp.ts'

export type ResourceMessage = {
  metadata: {
    namespace: string
    type: string
    id: string
    version: string
    owner: string
    phase: string
    created: TimestampMessage | null
    updated: TimestampMessage | null
  }
  spec: { yaml_spec: string } | null
}

/** A COSI resource with its spec parsed: every type comes as YAML too, so that none needs a message of its own. */
export function toResource({ metadata, spec }: ResourceMessage): Resource {
  const { namespace, type, id, version, owner, phase, created, updated } = metadata
  return {
    namespace,
    type,
    id,
    version,
    phase,
    owner,
    created: isoOf(created),
    updated: isoOf(updated),
    spec: parseSpec(spec?.yaml_spec ?? ''),
  }
}

/** YAML that cannot be read is shown as it came. Whole numbers that a double would bend stay text. */
export function parseSpec(text: string): unknown {
  try {
    return parse(text, { intAsBigInt: false, maxAliasCount: 100 })
  } catch {
    return text
  }
}
