import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { routes } from '../../src/graph/graph.ts'
import { toolRules } from '../../src/tools/rules.ts'

const RUNBOOKS = join(import.meta.dirname, 'runbooks')
/** What the agent asks by itself: whether a call took place, and what changed. */
const ASKED_BY_ITSELF = ['kubernetes.probe_effect', 'kubernetes.rollout_history', 'kubernetes.describe']

/**
 * Every place at which an agent can be cut off in the middle of something: its nodes, the tools that the runbooks of its
 * stories name or that it asks by itself, and what it says. Other tools go the same way through the same code, and no story here.
 */
export const POINTS: readonly string[] = [
  ...Object.keys(routes).map((node) => `node:${node}`),
  ...toolsOfTheStories().map((tool) => `tool:${tool}`),
  'telegram:send',
  'telegram:edit',
  'telegram:answer',
]

function toolsOfTheStories(): string[] {
  const pages = readdirSync(RUNBOOKS).map((file) => readFileSync(join(RUNBOOKS, file), 'utf8'))
  const named = new Set(pages.flatMap((page) => [...page.matchAll(/\btool: (\w+\.\w+)/g)].map(([, tool]) => tool)))
  return [...toolRules.keys()].filter((tool) => named.has(tool) || ASKED_BY_ITSELF.includes(tool))
}

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
