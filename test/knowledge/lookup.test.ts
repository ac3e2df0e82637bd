import { expect, test } from 'vitest'
import type { Runbook } from '../../src/domain/runbook.ts'
import { lookupRunbooks } from '../../src/knowledge/lookup.ts'
import { parsed } from './sample.ts'

function runbook(id: string, match: string): Runbook {
  return parsed(`---\nid: ${id}\ntitle: ${id}\nmatch: ${match}\n---\n`)
}

const crash = runbook('crash', '{ alertnames: [KubePodCrashLooping] }')
const either = runbook('either', '{ alertnames: [KubePodCrashLooping, KubeContainerOOMKilled] }')
const shop = runbook('shop', '{ alertnames: [KubePodCrashLooping], matchers: [\'namespace="shop"\'] }')
const notSystem = runbook('not-system', '{ alertnames: [KubePodCrashLooping], matchers: [\'namespace!~"kube-.*"\'] }')
const critical = runbook('critical', '{ matchers: [\'severity="critical"\'] }')
const all = [critical, either, notSystem, crash, shop]

function found(labels: Record<string, string>): string[] {
  return lookupRunbooks(all, { labels }).map(({ runbook: { id }, because }) => `${id} ${because}`)
}

test('by name and matchers, the more specific first', () => {
  expect(found({ alertname: 'KubePodCrashLooping', namespace: 'shop', severity: 'critical' })).toEqual([
    'shop by name and namespace="shop"',
    'not-system by name and namespace!~"kube-.*"',
    'crash by name',
    'either by name',
    'critical by severity="critical"',
  ])
})

test.each([
  [{ alertname: 'KubePodCrashLooping', namespace: 'kube-system' }, ['crash by name', 'either by name']],
  [{ alertname: 'KubeContainerOOMKilled', namespace: 'shop' }, ['either by name']],
  [{ alertname: 'kubepodcrashlooping', namespace: 'shop' }, []],
  [{ alertname: 'KubePodCrashLoopingSoon', namespace: 'shop' }, []],
  [{ namespace: 'shop' }, []],
  [{}, []],
])('%j finds %j', (labels, ids) => {
  expect(found(labels)).toEqual(ids)
})

test('the order does not depend on the order of the files', () => {
  const labels = { alertname: 'KubePodCrashLooping', namespace: 'shop', severity: 'critical' }
  const backwards = lookupRunbooks([...all].reverse(), { labels })
  expect(backwards).toEqual(lookupRunbooks(all, { labels }))
})
