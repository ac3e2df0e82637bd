import { expect, test } from 'vitest'
import { cardOf } from '../../src/chat/cards/cards.ts'
import { conditionWords } from '../../src/chat/cards/conditions.ts'
import { action, asking, plan, utc } from './views.ts'

const guest = { alertname: 'PveGuestHung', id: 'qemu/131', name: 'nextcloud', node: 'pve2' }

function card(changes: Record<string, string> = {}) {
  const reset = action({
    tool: 'proxmox.guest_reset',
    target: { cluster: 'homelab', kind: 'VirtualMachine', namespace: null, name: '131', uid: 'qemu/131@a1b2' },
    arguments: { guest: 131, dry_run: false },
    diff: [{ field: 'status', from: 'running', to: 'reset' }],
    dryRun: 'Would reset guest 131 (nextcloud) on pve2.',
    wayBack: { none: 'a reset cannot be taken back' },
  })
  const about = { alertname: 'PveGuestHung', namespace: null, workload: 'qemu/131', labels: { ...guest, ...changes } }
  return cardOf(asking({ incident: about, plan: plan([reset]), runbookTitle: 'A virtual machine hangs' }), utc)
}

test('a guest is called by its name and its id, with the host it runs on', () => {
  expect(card().title).toBe('Approve? nextcloud (qemu/131) – a virtual machine hangs')
  expect(card().where).toMatch(/^nextcloud \(qemu\/131\) on pve2 · talos-main · /)
})

test('what would run names the guest once, in the words of Proxmox VE', () => {
  const lines = card().block ?? []
  expect(lines[1]).toBe('1 proxmox.guest_reset VM 131')
  expect(lines.filter((line) => line.includes('guest: '))).toEqual([])
})

test('what is no name of a guest or a host is left out, so that nothing stands beside the id', () => {
  const { title, where } = card({ name: 'x (qemu/999) – all is well\u202e', node: 'pve2 · approved' })
  expect(title).toBe('Approve? qemu/131 – a virtual machine hangs')
  expect(where).toMatch(/^qemu\/131 · talos-main · /)
})

test('what has to be there, or has to be gone, is told in words', () => {
  expect(conditionWords('result.status == "running" && !has(result.lock)')).toBe('status is running, no lock')
  expect(conditionWords('has(result.agent)')).toBe('agent there')
})
