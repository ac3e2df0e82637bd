import { join } from 'node:path'
import { expect, test } from 'vitest'
import { talosRules } from '../../../src/tools/rules/talos.ts'
import { parseConfig } from '../../shared/src/config.ts'
import { openToolset } from '../../shared/src/toolset.ts'
import { roleOf } from '../src/access.ts'
import type { TalosCluster } from '../src/cluster.ts'
import { tools, toolsFor } from '../src/tools/index.ts'
import { fakeCluster } from './fake-cluster.ts'

function published(offered = tools, clusters = ['home']) {
  const ports = new Map(clusters.map((name): [string, TalosCluster] => [name, fakeCluster()]))
  const about = { name: 'test', title: 'Test', version: '0', instructions: '' }
  const { config } = parseConfig([], {})
  return openToolset({ ...about, tools: offered, ports }, { config, stderr: { write: () => true }, now: Date.now }).list
}

/** JSON as the formatter of the project leaves it: lists of plain values on one line where they fit. */
function layOut(value: unknown, indent = '', before = 0): string {
  if (value === null || typeof value !== 'object') return JSON.stringify(value)
  const inner = `${indent}  `
  if (!Array.isArray(value)) {
    const lines = Object.entries(value).map(([name, one]) => {
      const key = `${JSON.stringify(name)}: `
      return `${inner}${key}${layOut(one, inner, inner.length + key.length)}`
    })
    return lines.length === 0 ? '{}' : `{\n${lines.join(',\n')}\n${indent}}`
  }
  const flat = `[${value.map((one) => JSON.stringify(one)).join(', ')}]`
  if (value.every((one) => typeof one !== 'object') && before + flat.length < 120) return flat
  return `[\n${value.map((one) => `${inner}${layOut(one, inner, inner.length)}`).join(',\n')}\n${indent}]`
}

test('what is published is what was agreed to', async () => {
  await expect(`${layOut(published())}\n`).toMatchFileSnapshot(join(import.meta.dirname, 'golden/tools.json'))
})

test('the list stays small enough for a model to read, with several clusters too', () => {
  expect(Buffer.byteLength(JSON.stringify(published(tools, ['home', 'cabin'])))).toBeLessThanOrEqual(36_000)
})

test('the rules of the agent say the same as the server of every tool', () => {
  const said = published().map(({ name, _meta }) => [
    `talos.${name}`,
    { effect: _meta['watchkeeper/effect'], undoable: _meta['watchkeeper/undoable'] ?? false },
  ])
  expect(Object.fromEntries(said)).toEqual(talosRules)
})

const changing = (organizations: string[]) =>
  toolsFor([roleOf(organizations)])
    .filter(({ effect }) => effect !== 'read')
    .map(({ name }) => name)

test('a reader is offered nothing that changes, an operator nothing that only an administrator may', () => {
  expect(changing(['os:reader'])).toEqual([])
  expect(changing([])).toEqual([])
  expect(changing(['os:etcd:backup'])).toEqual([])
  expect(changing(['os:reader', 'os:operator'])).toEqual([
    'service_restart',
    'etcd_snapshot',
    'service_start',
    'service_stop',
    'reboot',
    'shutdown',
    'etcd_defrag',
  ])
  expect(changing(['os:admin'])).toHaveLength(11)
  expect(published(toolsFor(['os:reader'])).map(({ name }) => name)).not.toContain('probe_effect')
})

test('the most dangerous are marked destructive, so that the policy asks two people and autonomy never runs them', () => {
  const destructive = published().filter(({ _meta }) => _meta['watchkeeper/effect'] === 'destructive')
  expect(destructive.map(({ name }) => name).sort()).toEqual([
    'config_patch',
    'etcd_defrag',
    'reboot',
    'rollback',
    'service_start',
    'service_stop',
    'shutdown',
    'upgrade',
  ])
  expect(published().map(({ name }) => name)).not.toContain('reset')
  expect(published().map(({ name }) => name)).not.toContain('bootstrap')
})
