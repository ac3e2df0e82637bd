import { expect, test } from 'vitest'
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

test('the list stays small enough for a model to read, with several clusters too', () => {
  expect(Buffer.byteLength(JSON.stringify(published(tools, ['home', 'cabin'])))).toBeLessThanOrEqual(36_000)
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
