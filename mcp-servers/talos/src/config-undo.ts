import { maskText, valuesDigest } from '@watchkeeper/mcp-shared'
import { configDiff, type PatchedConfig } from './machine-config.ts'

/** The call that puts a configuration back; null when nothing changes, or when the way back could not be shown whole. */
export function configUndo({ node, uid, patched }: { node: string; uid: string; patched: PatchedConfig }) {
  const { before, after, inverse } = patched
  if (configDiff(before, after).length === 0 || maskText(inverse) !== inverse || inverse.length > 8_000) return null
  const precondition = { uid, values: valuesDigest({ ...after }) }
  return { tool: 'config_patch', arguments: { node, patch: inverse, precondition } }
}
