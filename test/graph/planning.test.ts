import { expect, test } from 'vitest'
import type { JsonObject } from '../../src/domain/json.ts'
import type { GraphDeps } from '../../src/graph/deps.ts'
import { planActions } from '../../src/graph/planning.ts'
import type { Sql } from '../../src/storage/postgres.ts'
import type { Toolbox } from '../../src/tools/toolbox.ts'

const unexpected = () => {
  throw new Error('nobody expects this call')
}

/** Every dry run is of one and the same target, and sees it at generation 7. */
function planned(...steps: string[]) {
  const toolbox: Toolbox = {
    tools: unexpected,
    find: async (name) => ({ name, contract: 'c', definition: {} }),
    call: async (tool) => ({ ok: true, result: change(tool), summary: '', tookMs: 1 }),
    status: unexpected,
    close: unexpected,
  }
  // Evidence is written and never read here.
  const sql = Object.assign(async () => [], { json: (value: unknown) => value }) as unknown as Sql
  const rules = { declared: new Map() } as unknown as GraphDeps['rules']
  const deps = { sql, toolbox, rules } as GraphDeps
  const drafts = steps.map((tool) => ({ tool, args: {}, wayBack: undefined, costs: null }))
  return planActions(deps, { incident: 1, round: 1, cluster: '' }, drafts)
}

function change(tool: string): JsonObject {
  return {
    summary: `Would ${tool}.`,
    target: { cluster: 'home', kind: 'Thing', namespace: null, name: 'one', uid: 'u' },
    diff: [],
    precondition: { uid: 'u', generation: 7, values: 'sha256:1' },
    undoable: false,
  }
}

const generations = async (...steps: string[]) => {
  const actions = await planned(...steps)
  if ('problem' in actions) throw new Error(actions.problem)
  return actions.map(({ arguments: { precondition } }) => Object(precondition).generation)
}

test('the generation binds the first action on a target; what that makes of it, a second cannot know', async () => {
  expect(await generations('kubernetes.set_image', 'kubernetes.set_resources')).toEqual([7, undefined])
  expect(await generations('talos.config_patch', 'talos.config_patch')).toEqual([7, undefined])
})

test('a second action on a guest keeps the moment from which its probe looks for its task', async () => {
  expect(await generations('proxmox.snapshot_create', 'proxmox.guest_reset')).toEqual([7, 7])
})

test('the same action again would find the task of the first and take it for its own', async () => {
  expect(await generations('proxmox.guest_reset', 'proxmox.guest_reset')).toEqual([7, undefined])
})
