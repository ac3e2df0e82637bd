import type { ToolRule } from '../rules.ts'

const READ: ToolRule = { effect: 'read', undoable: false }

/** What the agent itself knows of the knowledge server's tools: none of them changes anything. */
export const knowledgeRules: readonly (readonly [string, ToolRule])[] = [
  ['knowledge.search', READ],
  ['knowledge.runbook_get', READ],
  ['knowledge.runbook_stats', READ],
  ['knowledge.decisions_like', READ],
]
