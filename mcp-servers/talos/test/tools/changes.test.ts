import { describe, expect, test } from 'vitest'
import { BOOTED, type FakeCluster, fakeCluster, LATER, service } from '../fake-cluster.ts'
import { ask, change, preconditionOf, probe, serverOn } from '../harness.ts'

const node = { node: 'cp-1' }
const interrupting = ['reboot', 'shutdown', 'rollback'] as const
const upgrade = { ...node, version: 'v1.13.0' }

function argumentsOf(tool: string): Record<string, unknown> {
  if (tool === 'upgrade') return upgrade
  return tool === 'service_stop' ? { ...node, service: 'kubelet' } : node
}

describe.each([...interrupting, 'upgrade', 'service_stop', 'etcd_defrag'])('%s', (tool) => {
  const args = argumentsOf(tool)
  const refusal = async (cluster: FakeCluster) => {
    const rehearsed = await ask(cluster, tool, args)
    const real = await (await serverOn(cluster)).call(tool, { ...args, dry_run: false }, { grant: true })
    expect(real.structuredContent).toEqual(rehearsed)
    expect(cluster.asked).toEqual([])
    return (rehearsed.error as { code: string; message: string } | undefined) ?? { code: 'ok', message: '' }
  }

  test('goes ahead while etcd keeps its quorum', async () => {
    const cluster = fakeCluster()
    expect(await change(cluster, tool, args)).toMatchObject({ dry_run: false, target: { kind: 'Node', name: 'cp-1' } })
    expect(cluster.asked.length).toBeGreaterThan(0)
  })

  test('is refused for the only member of etcd', async () => {
    expect(await refusal(fakeCluster({ controlPlanes: 1 }))).toMatchObject({
      code: 'refused',
      message: expect.stringContaining('cp-1 is the only member of etcd'),
    })
  })

  test('is refused where it would cost the quorum, naming the member that is missing', async () => {
    const cluster = fakeCluster()
    cluster.node('cp-3').down = true
    const { message } = await refusal(cluster)
    expect(message).toContain('would lose its quorum without cp-1: 1 of 3 members would be left, and 2 are needed')
    expect(message).toContain('cp-3')
  })

  test('is refused while another member is ill, although the quorum would hold', async () => {
    const cluster = fakeCluster({ controlPlanes: 5 })
    const ill = cluster.node('cp-4')
    if (ill.etcd) ill.etcd = { ...ill.etcd, errors: ['database space exceeded'] }
    expect((await refusal(cluster)).message).toContain('cp-4 is not healthy: database space exceeded')
  })

  test('is refused on an alarm of corruption', async () => {
    const cluster = fakeCluster()
    cluster.alarms.push({ member: cluster.node('cp-2').etcd?.id ?? '', alarm: 'CORRUPT' })
    expect((await refusal(cluster)).message).toContain('alarm CORRUPT on cp-2')
  })

  test('is refused while a member is still a learner', async () => {
    const cluster = fakeCluster()
    const learner = cluster.node('cp-2')
    if (learner.etcd) learner.etcd = { ...learner.etcd, learner: true }
    expect((await refusal(cluster)).message).toContain('cp-2 is still a learner')
  })

  test('wants the name, so that the deny list holds whatever a node is called', async () => {
    const cluster = fakeCluster()
    expect(await ask(cluster, tool, { ...args, node: '10.5.0.11' })).toMatchObject({
      error: { code: 'invalid', message: expect.stringContaining('by its name, cp-1') },
    })
    expect(await ask(cluster, tool, { ...args, node: '10.9.9.9' })).toMatchObject({ error: { code: 'not_found' } })
  })
})

test.each(interrupting)('%s is refused while another control-plane node is not ready', async (tool) => {
  const cluster = fakeCluster()
  const other = cluster.node('cp-2')
  other.state = { ...other.state, ready: false, unmet: ['services: kubelet is not healthy'] }
  expect(await ask(cluster, tool, node)).toMatchObject({
    error: { code: 'refused', message: expect.stringContaining('cp-2 is not ready (services: kubelet') },
  })
})

test('a full database does not keep a member from being defragmented, but keeps its node from rebooting', async () => {
  const cluster = fakeCluster()
  cluster.alarms.push({ member: cluster.node('cp-1').etcd?.id ?? '', alarm: 'NOSPACE' })
  expect(await ask(cluster, 'etcd_defrag', node)).toMatchObject({ dry_run: true })
  expect(await ask(cluster, 'reboot', node)).toMatchObject({ error: { code: 'refused' } })
})

test('a worker is interrupted with a warning about its pods, and asks nothing of etcd', async () => {
  const cluster = fakeCluster()
  cluster.alarms.push({ member: '1', alarm: 'CORRUPT' })
  expect(await change(cluster, 'reboot', { node: 'worker-1' })).toMatchObject({
    warnings: [expect.stringContaining('drain the node first')],
    diff: [{ field: 'boot_id', from: BOOTED, to: LATER }],
  })
  expect(cluster.asked).toEqual(['reboot worker-1', 'follow actor-1 on worker-1'])
})

test('an order that fails on the node is told in its words', async () => {
  const cluster = fakeCluster()
  const sequence = { name: 'reboot', state: 'failed' as const, error: 'a pod would not stop' }
  cluster.ends = { id: 'e', actor: 'actor-1', type: 'SequenceEvent', summary: 'failed', sequence }
  expect(await change(cluster, 'reboot', { node: 'worker-1' })).toMatchObject({
    error: { code: 'refused', message: 'worker-1 began to reboot and gave up: a pod would not stop.' },
  })
})

test('a change is refused once the node has booted since it was approved', async () => {
  const cluster = fakeCluster()
  const { precondition } = await ask(cluster, 'reboot', node)
  const cp1 = cluster.node('cp-1')
  cp1.state = { ...cp1.state, bootId: LATER }
  const real = { ...node, dry_run: false, precondition }
  const answer = await (await serverOn(cluster)).call('reboot', real, { grant: true })
  expect(answer.structuredContent).toMatchObject({
    error: { code: 'conflict', message: expect.stringContaining(`boot_id is "${LATER}"`) },
  })
  expect(cluster.asked).toEqual([])
})

test('a reset machine of the same name is another one', async () => {
  const cluster = fakeCluster()
  const real = { ...node, precondition: preconditionOf('cp-2', { boot_id: BOOTED }) }
  expect(await ask(cluster, 'reboot', real)).toMatchObject({ error: { code: 'conflict' } })
})

describe('the probes', () => {
  test.each(['reboot', 'rollback'])('%s: by the boot, and unknown without anything to compare', async (tool) => {
    const cluster = fakeCluster()
    const args = { ...node, dry_run: false, precondition: preconditionOf('cp-1', { boot_id: BOOTED }) }
    expect(await probe(cluster, tool, args)).toBe('not_done')
    expect(await probe(cluster, tool, { ...node, dry_run: false })).toBe('unknown')
    const cp1 = cluster.node('cp-1')
    cp1.state = { ...cp1.state, stage: 'rebooting' }
    expect(await probe(cluster, tool, args)).toBe('unknown')
    cp1.down = true
    expect(await probe(cluster, tool, args)).toBe('unknown')
    cp1.down = false
    cp1.state = { ...cp1.state, bootId: LATER }
    expect(await probe(cluster, tool, args)).toBe('done')
    cp1.state = { ...cp1.state, uid: 'another' }
    expect(await probe(cluster, tool, args)).toBe('unknown')
  })

  test('shutdown: done only where others still answer', async () => {
    const cluster = fakeCluster()
    expect(await probe(cluster, 'shutdown', node)).toBe('not_done')
    cluster.node('cp-1').down = true
    expect(await probe(cluster, 'shutdown', node)).toBe('done')
    for (const name of ['cp-2', 'cp-3', 'worker-1']) cluster.node(name).down = true
    expect(await probe(cluster, 'shutdown', node)).toBe('unknown')
  })

  test('upgrade: by the version that runs', async () => {
    const cluster = fakeCluster()
    expect(await probe(cluster, 'upgrade', upgrade)).toBe('not_done')
    cluster.node('cp-1').version = 'v1.13.0'
    expect(await probe(cluster, 'upgrade', upgrade)).toBe('done')
    cluster.node('cp-1').down = true
    expect(await probe(cluster, 'upgrade', upgrade)).toBe('unknown')
  })
})

describe('upgrade', () => {
  test.each([
    ['v1.12.4', 'runs v1.12.4 already'],
    ['v1.11.9', 'older than v1.12.4'],
    ['v1.14.0', 'one minor release at a time'],
    ['v2.0.0', 'one minor release at a time'],
  ])('to %s is refused', async (version, because) => {
    expect(await ask(fakeCluster(), 'upgrade', { ...node, version })).toMatchObject({
      error: { code: 'refused', message: expect.stringContaining(because) },
    })
  })

  test('keeps the installer that the configuration names', async () => {
    const cluster = fakeCluster()
    expect(await change(cluster, 'upgrade', { ...node, version: '1.13.0' })).toMatchObject({
      diff: [{ field: 'version', from: 'v1.12.4', to: 'v1.13.0' }],
      undo: { tool: 'rollback', arguments: node },
    })
    expect(cluster.asked[0]).toBe('upgrade to factory.talos.dev/metal-installer/abc:v1.13.0 on cp-1')
  })

  test('that Talos took back is told', async () => {
    const cluster = fakeCluster()
    cluster.boots = 'v1.12.4'
    const { warnings } = await change(cluster, 'upgrade', upgrade)
    expect(warnings).toContainEqual(expect.stringContaining('the new one did not boot'))
  })
})

describe('services', () => {
  test('a restart makes the kubelet well, and says when it did not', async () => {
    const cluster = fakeCluster()
    const cp1 = cluster.node('cp-1')
    cp1.services = [service('kubelet', { health: 'unhealthy', message: 'connection refused' })]
    expect(await change(cluster, 'service_restart', { ...node, service: 'kubelet' })).toMatchObject({
      diff: [{ field: 'services.kubelet.started_at', from: BOOTED, to: LATER }],
      undoable: false,
    })
  })

  test('whether a restart took place is not known while the service is on its way', async () => {
    const cluster = fakeCluster()
    const precondition = preconditionOf('cp-1', { 'services.kubelet.started_at': BOOTED })
    const args = { ...node, service: 'kubelet', dry_run: false, precondition }
    const cp1 = cluster.node('cp-1')
    expect(await probe(cluster, 'service_restart', args)).toBe('not_done')
    for (const state of ['Stopping', 'Preparing']) {
      cp1.services = [service('kubelet', { state })]
      expect(await probe(cluster, 'service_restart', args)).toBe('unknown')
    }
    cp1.services = [service('kubelet', { startedAt: LATER })]
    expect(await probe(cluster, 'service_restart', args)).toBe('done')
  })

  test.each(['etcd', 'apid', 'machined'])('%s is never restarted', async (name) => {
    const cluster = fakeCluster()
    const cp1 = cluster.node('cp-1')
    cp1.services.push(service('machined'))
    expect(await ask(cluster, 'service_restart', { ...node, service: name })).toMatchObject({
      error: { code: 'refused' },
    })
    if (name !== 'etcd')
      expect(await ask(cluster, 'service_stop', { ...node, service: name })).toMatchObject({
        error: { code: 'refused' },
      })
  })

  test('stop and start lead back to one another', async () => {
    const cluster = fakeCluster()
    const stopped = await change(cluster, 'service_stop', { ...node, service: 'kubelet' })
    const { tool, arguments: back } = stopped.undo as { tool: string; arguments: Record<string, unknown> }
    expect(tool).toBe('service_start')
    expect(await change(cluster, tool, back)).toMatchObject({
      diff: [{ field: 'services.kubelet.state', from: 'Finished', to: 'Running' }],
      undo: { tool: 'service_stop' },
    })
  })

  test('one that is not there is named with those that are', async () => {
    expect(await ask(fakeCluster(), 'service_restart', { ...node, service: 'nginx' })).toMatchObject({
      error: { code: 'not_found', message: expect.stringContaining('apid, cri, etcd, kubelet') },
    })
  })
})

describe('etcd', () => {
  test('a member with little to free is left alone', async () => {
    const cluster = fakeCluster()
    const cp1 = cluster.node('cp-1')
    if (cp1.etcd) cp1.etcd.bytesInUse = cp1.etcd.bytes * 0.9
    expect(await ask(cluster, 'etcd_defrag', node)).toMatchObject({
      error: { code: 'refused', message: expect.stringContaining('10 % of its 100 MiB') },
    })
  })

  test('a defragmentation is told apart by what is left to free', async () => {
    const cluster = fakeCluster()
    const { precondition } = await ask(cluster, 'etcd_defrag', node)
    const args = { ...node, precondition, dry_run: false }
    expect(await probe(cluster, 'etcd_defrag', args)).toBe('not_done')
    await change(cluster, 'etcd_defrag', node)
    expect(await probe(cluster, 'etcd_defrag', args)).toBe('done')
  })

  test.each(['etcd_defrag', 'etcd_snapshot'])('%s wants a control-plane node', async (tool) => {
    expect(await ask(fakeCluster(), tool, { node: 'worker-1' })).toMatchObject({
      error: { code: 'refused', message: expect.stringContaining('worker-1 is a worker') },
    })
  })

  test('a snapshot answers its file, size and digest, and takes no name of one', async () => {
    const cluster = fakeCluster()
    expect(await change(cluster, 'etcd_snapshot', node)).toMatchObject({
      snapshot: { file: expect.stringMatching(/^etcd_home_cp-1_.*\.snapshot$/), bytes: 100 },
    })
    expect(await ask(cluster, 'etcd_snapshot', { ...node, file: '../../x' })).toMatchObject({
      error: { code: 'invalid' },
    })
  })
})

test('a certificate that may less than the server offers is told which role it lacks', async () => {
  const cluster = {
    ...fakeCluster(),
    operator: { organizations: ['os:operator'], role: 'os:operator' as const, expires: new Date() },
  }
  expect(await ask(cluster, 'upgrade', upgrade)).toMatchObject({
    error: { code: 'forbidden', message: expect.stringContaining('has os:operator, and this needs os:admin') },
  })
})
