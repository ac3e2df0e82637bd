import { afterEach, expect, test } from 'vitest'
import { alice, anna, bob, type SeenCard, startWatch, type Watch, type WatchOptions } from '../support/watch.ts'

/** The guest of these stories: `nextcloud` on pve2, with an agent. */
const GUEST = 131
const NEXTCLOUD = { id: GUEST, name: 'nextcloud', node: 'pve2', config: { agent: '1' } }

let watch: Watch
const begin = async (options: WatchOptions = {}) => {
  watch = await startWatch({ proxmox: { taskMs: 80, secondMs: 5 }, guests: [NEXTCLOUD], workloads: [], ...options })
}
afterEach(() => watch?.stop())

test('a guest that hangs: one person keeps its disks, two reset it, and it answers again', async () => {
  await begin()
  watch.proxmox.hangGuest(GUEST)
  const card = await watch.asked()
  expect((await card.press('approve', bob)).text).toBe('Approved, running.')
  const second = await nextStep(1)
  expect(watch.proxmox.guest(GUEST).hung).toBe(true)
  expect((await second.press('approve', bob)).text).toBe('Noted. A second person must approve too.')
  expect(watch.proxmox.changes()).toHaveLength(1)
  expect((await second.press('approve', alice)).text).toBe('Approved, running.')
  const end = await watch.closed()

  expect(end.state).toBe('fixed')
  expect(changes()).toEqual(['snapshot', 'reset'])
  const { hung, snapshots } = watch.proxmox.guest(GUEST)
  expect(hung).toBe(false)
  expect(snapshots).toMatchObject([{ name: expect.stringMatching(/^hung_after_\d+s$/) }])
  expect(end.view.plan?.body.actions[0]?.wayBack).toMatchObject({
    tool: 'proxmox.snapshot_delete',
    arguments: { guest: GUEST, name: snapshots[0]?.name },
  })
  expect(await watch.audit()).toMatchObject({ ok: true })
  expect(watch.complaints()).toEqual([])
})

test('the agent killed while the reset runs: after its restart the task tells that it was done, once', async () => {
  await begin({ process: true, proxmox: { taskMs: 1_200, secondMs: 5 }, grantTtlMs: 4_000 })
  watch.proxmox.hangGuest(GUEST)
  await (await watch.asked()).press('approve', bob)
  const second = await nextStep(1)
  await second.press('approve', bob)
  await (await watch.card()).press('approve', alice)
  await watch.proxmox.waitUntil(() => changes().includes('reset'))
  await watch.killAgent()
  await watch.startAgent()
  const end = await watch.closed()
  expect(end.state).toBe('fixed')
  expect(end.view.effects).toMatchObject([{ status: 'done' }, { status: 'done', byProbe: true, attempt: 1 }])
  expect(changes()).toEqual(['snapshot', 'reset'])
})

test('the agent killed while the snapshot is made: its mark tells that it was done, once', async () => {
  await begin({ process: true, proxmox: { taskMs: 1_200, secondMs: 5 }, grantTtlMs: 4_000 })
  watch.proxmox.hangGuest(GUEST)
  await (await watch.asked()).press('approve', bob)
  await watch.proxmox.waitUntil(() => changes().includes('snapshot'))
  await watch.killAgent()
  await watch.startAgent()
  const second = await nextStep(1)
  expect(second.view.effects).toMatchObject([{ status: 'done', byProbe: true, attempt: 1 }])
  expect(watch.proxmox.guest(GUEST).snapshots).toHaveLength(1)
})

test('a guest whose agent answers does not hang: nothing is proposed', async () => {
  await begin()
  watch.alertmanager.fire({ alertname: 'PveGuestHung', id: `qemu/${GUEST}`, node: 'pve2', cluster: 'homelab' })
  const card = await watch.until(({ incident }) => incident.status === 'watching')
  expect(card.view.incident.because).toContain('The check agent does not hold')
  expect(watch.proxmox.changes()).toEqual([])
})

test('a storage that is too full for a snapshot: no reset is asked for either, and the card says why', async () => {
  await begin()
  watch.proxmox.setStorage('local-lvm', { used: 95, total: 100 })
  watch.proxmox.hangGuest(GUEST)
  const card = await watch.until(({ incident }) => incident.status === 'watching')
  expect(card.view.incident.because).toContain('The storage local-lvm is 95 % full; a snapshot needs it under 85 %.')
  expect(card.offers('approve')).toBe(false)
})

test('a reset that is rejected leaves the snapshot, and the card offers to take it back', async () => {
  await begin()
  watch.proxmox.hangGuest(GUEST)
  await (await watch.asked()).press('approve', bob)
  await (await nextStep(1)).press('reject', bob)
  const after = await watch.until(({ incident }) => incident.outcome === 'not_fixed')
  expect(changes()).toEqual(['snapshot'])
  expect(after.card.block?.join('\n')).toContain('snapshot: hung_after_')
  await after.press('undo', anna)
  const back = await watch.until((view, state) => state === 'asked' && view.plan?.body.purpose === 'undo')
  expect(back.view.plan?.body.actions).toMatchObject([{ tool: 'proxmox.snapshot_delete' }])
  await back.press('approve', bob)
  await (await watch.card()).press('approve', alice)
  await watch.proxmox.waitUntil(() => watch.proxmox.guest(GUEST).snapshots.length === 0)
})

test('a phone shows all of what would run: the guest by name, id and host, and each step whole', async () => {
  await begin()
  watch.proxmox.hangGuest(GUEST)
  const card = await watch.asked()
  expect(card.card.title).toBe('Approve? nextcloud (qemu/131) – a virtual machine hangs')
  expect(card.card.where).toMatch(/^nextcloud \(qemu\/131\) on pve2 · homelab · 1 alert/)
  expect(card.offers('approve')).toBe(true)
  expect(plain(card.card.block)).toEqual([
    'RUNS EXACTLY THIS · plan … · step 1 of 2',
    '1 proxmox.snapshot_create VM 131',
    '  ⚠ It grows with every write: remove hung_after_Ns with snapshot_delete within 72 hours.',
    '  + snapshot: hung_after_Ns',
    '  only if unchanged: uid qemu/131…, values …, generation 0',
    'Dry run: Would snapshot guest 131 (nextcloud) on pve2, without its memory.',
    'Way back: proxmox.snapshot_delete with the same arguments, asked again before it runs',
    'later, asked again: 2 proxmox.guest_reset VM 131',
    expect.stringMatching(/^Done means: answers, within .*; alert clear within /),
  ])
})

test('two guests that hang on one host are two incidents', async () => {
  await begin({ guests: [NEXTCLOUD, { ...NEXTCLOUD, id: 132, name: 'forgejo' }] })
  watch.proxmox.hangGuest(GUEST)
  watch.proxmox.hangGuest(132)
  await watch.asked(1)
  await watch.asked(2)
  expect(await watch.incidents()).toEqual([1, 2])
})

test('a guest that is off is started by one tap', async () => {
  await begin()
  watch.proxmox.setGuest(GUEST, { running: false })
  const card = await watch.asked()
  await card.press('approve', bob)
  const end = await watch.closed()
  expect(end.state).toBe('fixed')
  expect(changes()).toEqual(['start'])
  expect(watch.proxmox.guest(GUEST).running).toBe(true)
})

test('a guest that is not meant to run stays off', async () => {
  await begin({ guests: [{ ...NEXTCLOUD, running: false, config: { onboot: 0 } }] })
  const card = await watch.until(({ incident }) => incident.status === 'watching')
  expect(card.view.incident.because).toContain('The check guest does not hold')
})

test('a storage that fills up is told with what lies on it, and nothing is proposed', async () => {
  await begin()
  watch.proxmox.setStorage('local-lvm', { used: 90, total: 100 })
  watch.alertmanager.fire({
    ...{ alertname: 'PveStorageNearlyFull', severity: 'warning', cluster: 'homelab' },
    ...{ id: 'storage/pve2/local-lvm', storage: 'local-lvm', node: 'pve2', instance: '192.0.2.10' },
  })
  const card = await watch.until(({ incident }) => incident.outcome === 'advised')
  expect(card.view.advice).toContain('What usually fills it')
  expect(card.view.findings.filter(({ ok, key }) => ok && key.startsWith('check:'))).toHaveLength(3)
  expect(card.offers('approve')).toBe(false)
})

/** Lines of a card without what differs from run to run. */
function plain(lines: readonly string[] | null): string[] {
  return (lines ?? []).map((line) =>
    line
      .replace(/plan [0-9a-f]{4}-[0-9a-f]{2}/, 'plan …')
      .replace(/values [0-9a-f]{8}…/, 'values …')
      .replace(/hung_after_\d+s/, 'hung_after_Ns'),
  )
}

/** The question about one action of the plan, once it is asked. */
function nextStep(action: number): Promise<SeenCard> {
  return watch.until((view, state) => state === 'asked' && view.approval?.actions[0] === action)
}

/** The last part of each changed path: `snapshot`, `reset`. */
function changes(): string[] {
  return watch.proxmox.changes().map(({ call }) => call.split('/').at(-1) ?? '')
}
