import { type Row, text } from './rows.ts'

/** A volume of a guest, out of its configuration: `local-lvm:vm-100-disk-0,size=32G`. */
export type Volume = { key: string; storage: string; volume: string; format: string | undefined }

const DISK_KEY = /^(?:(?:ide|sata|scsi|virtio)\d+|efidisk0|tpmstate0|rootfs|mp\d+)$/

/** The volumes a guest keeps its data on: without CD drives, cloud-init images and directories bound into containers. */
export function volumesOf(config: Row): Volume[] {
  return Object.keys(config)
    .filter((key) => DISK_KEY.test(key))
    .toSorted()
    .flatMap((key) => {
      const [volume = '', ...options] = (text(config, key) ?? '').split(',')
      const named = volume.replace(/^(?:file|volume)=/, '')
      const [, storage] = /^([A-Za-z][\w.-]*):./.exec(named) ?? []
      if (!storage || options.includes('media=cdrom') || /cloudinit/.test(named)) return []
      const format =
        options.find((option) => option.startsWith('format='))?.slice(7) ?? /\.(raw|qcow2|vmdk)$/.exec(named)?.[1]
      return [{ key, storage, volume: named, format }]
    })
}

const ALWAYS = ['zfspool', 'lvmthin', 'rbd', 'btrfs', 'zfs', 'cephfs']
const FILES = ['dir', 'nfs', 'cifs', 'glusterfs']

/** Whether a storage of this type can snapshot this volume. Thick LVM, iSCSI and raw files cannot. */
export function canSnapshot(type: string | undefined, { format }: Volume, kind: 'qemu' | 'lxc'): boolean {
  if (type === undefined) return false
  if (ALWAYS.includes(type)) return true
  return FILES.includes(type) && kind === 'qemu' && format === 'qcow2'
}
