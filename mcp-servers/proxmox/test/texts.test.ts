import { expect, test } from 'vitest'
import { createJournal } from '../src/journal.ts'
import { effectIn, effectNote, markedNotes, splitNotes } from '../src/marks.ts'
import { maskConfig } from '../src/mask-config.ts'
import { parseUpid } from '../src/upid.ts'
import { canSnapshot, volumesOf } from '../src/volumes.ts'

const A = '0b7a1c1e-0000-4000-8000-000000000001'
const B = '0b7a1c1e-0000-4000-8000-000000000002'

test('the mark of an effect stands in a comment that the notes are told from', () => {
  const marked = markedNotes('Shop front.\nAsk anna.', [], A)
  expect(splitNotes(`${marked}\n`)).toEqual({ notes: 'Shop front.\nAsk anna.', effects: [A] })
  expect(splitNotes(markedNotes('', [A], B))).toEqual({ notes: '', effects: [B, A] })
  const many = Array.from({ length: 12 }, (_, at) => A.replace(/1$/, String(at)))
  expect(splitNotes(markedNotes('x', many, B)).effects).toHaveLength(8)
  expect(splitNotes('plain\n')).toEqual({ notes: 'plain', effects: [] })
})

test('the effect is found in what a snapshot or a backup says of itself', () => {
  expect(effectIn(`${effectNote(A)}\nbefore the reset`)).toBe(A)
  expect(effectIn('by hand')).toBeUndefined()
})

test('a UPID is read, and nothing else is taken for one', () => {
  expect(parseUpid('UPID:pve1:000ABCDE:0012D687:6AA20A40:vzdump:100:root@pam!job:')).toMatchObject({
    node: 'pve1',
    type: 'vzdump',
    id: '100',
    user: 'root@pam!job',
    startTime: 0x6aa20a40,
  })
  for (const wrong of [
    'UPID:../x:000ABCDE:0012D687:6AA20A40:vzdump:100:root@pam:',
    'UPID:pve1',
    'x',
    'UPID:pve1:000ABCDE:0012D687:6AA20A40:vz/dump:100:a:',
  ])
    expect(parseUpid(wrong)).toBeUndefined()
})

test('volumes are told from drives without data, and storages that snapshot from those that cannot', () => {
  const found = volumesOf({
    scsi0: 'local-lvm:vm-100-disk-0,size=32G',
    scsi1: 'files:100/vm-100-disk-1.qcow2,size=8G',
    ide2: 'local:iso/debian.iso,media=cdrom',
    ide3: 'local-lvm:vm-100-cloudinit,media=disk',
    mp0: '/srv/data,mp=/data',
    net0: 'virtio=AA:BB,bridge=vmbr0',
    efidisk0: 'local-lvm:vm-100-disk-2',
  })
  expect(found.map(({ key, storage, format }) => [key, storage, format])).toEqual([
    ['efidisk0', 'local-lvm', undefined],
    ['scsi0', 'local-lvm', undefined],
    ['scsi1', 'files', 'qcow2'],
  ])
  const volume = { key: 'scsi0', storage: 's', volume: 's:x', format: undefined }
  const able = ['lvmthin', 'zfspool', 'rbd', 'lvm', 'dir', 'iscsi', undefined].map((type) =>
    canSnapshot(type, volume, 'qemu'),
  )
  expect(able).toEqual([true, true, true, false, false, false, false])
  expect(canSnapshot('nfs', { ...volume, format: 'qcow2' }, 'qemu')).toBe(true)
  expect(canSnapshot('nfs', { ...volume, format: 'raw' }, 'lxc')).toBe(false)
})

test('secrets in a configuration are masked by what they are', () => {
  const shown = maskConfig({
    cipassword: '$5$abc',
    sshkeys: 'ssh-ed25519%20AAAA%20anna',
    ciuser: 'anna',
    cores: 4,
    args: '-object secret,id=s,password=planted1',
    env: 'A=1\u0000DB_PASSWORD=planted2\u0000B=2',
    description: 'API_TOKEN%3Dplanted3 and text',
    net0: 'virtio=AA:BB:CC,bridge=vmbr0',
  })
  expect(JSON.stringify(shown)).not.toMatch(/planted|\$5\$|AAAA/)
  expect(shown).toMatchObject({
    ciuser: 'anna',
    cores: 4,
    net0: 'virtio=AA:BB:CC,bridge=vmbr0',
    cipassword: '[masked] (6 characters)',
  })
})

test('the journal forgets its oldest', () => {
  const journal = createJournal(2)
  for (const effect of ['a', 'b', 'c']) journal.note(effect, { guest: 1, types: [], before: [] })
  expect(['a', 'b', 'c'].map((effect) => journal.find(effect) !== undefined)).toEqual([false, true, true])
})
