import { expect, test } from 'vitest'
import { placeOf } from '../../src/changes/subject.ts'

const shop = { namespace: 'shop', workload: 'cart' }
const workload = (kind: string) => ({ is: 'workload', namespace: 'shop', name: 'cart', kind })

test.each([
  ['a label names the kind', shop, { statefulset: 'cart' }, workload('statefulset')],
  ['a label tells the kind', shop, { workload: 'cart', workload_type: 'DaemonSet' }, workload('daemonset')],
  ['a pod of a Deployment', shop, { pod: 'cart-7d9f8b6c5d-x2x4z' }, workload('deployment')],
  ['a pod of a StatefulSet', shop, { pod: 'cart-0' }, workload('statefulset')],
  ['a pod of a DaemonSet', shop, { pod: 'cart-x2x4z' }, workload('daemonset')],
  ['nothing but a name', shop, {}, workload('deployment')],
  ['a claim has no revisions', shop, { persistentvolumeclaim: 'cart' }, undefined],
  ['a guest', { namespace: null, workload: 'qemu/101' }, { id: 'qemu/101', node: 'pve1' }, { is: 'guest', id: 101 }],
  ['a node', { namespace: null, workload: 'w1' }, { node: 'w1' }, { is: 'node', name: 'w1' }],
  [
    'a storage is of its node',
    { namespace: null, workload: 'pve2' },
    { id: 'storage/pve2/x', node: 'pve2' },
    { is: 'node', name: 'pve2' },
  ],
  ['nothing at all', { namespace: null, workload: null }, { alertname: 'Watchdog' }, undefined],
  ['a workload without a namespace', { namespace: null, workload: 'cart' }, { deployment: 'cart' }, undefined],
])('%s', (_, about, labels, place) => {
  expect(placeOf({ ...about, labels: labels as Record<string, string> })).toEqual(place)
})
