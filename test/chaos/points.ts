import { readFileSync } from 'node:fs'
import { routes } from '../../src/graph/graph.ts'
import { toolRules } from '../../src/tools/rules.ts'

/** Every place at which an agent can be cut off in the middle of something. */
export const POINTS: readonly string[] = [
  ...Object.keys(routes).map((node) => `node:${node}`),
  ...[...toolRules.keys()].filter((tool) => tool.startsWith('kubernetes.')).map((tool) => `tool:${tool}`),
  'telegram:send',
  'telegram:edit',
  'telegram:answer',
]

export interface Passage {
  at: number
  pid: number
  point: string
  when: 'before' | 'after'
  action?: string
}

export function readTrace(path: string): Passage[] {
  return readFileSync(path, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Passage)
}
