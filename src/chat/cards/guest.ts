import type { IncidentView } from '../../domain/view.ts'
import { cut, name } from './clean.ts'

/** A guest of Proxmox VE in words: `nextcloud (qemu/131)`, and ` on pve2` where its alert says so. */
export interface GuestWords {
  called: string
  host: string
}

/** The guest an incident is about; undefined where it is about something else. Its name and host are the alert's word. */
export function guestOf({ incident: { workload, labels } }: IncidentView): GuestWords | undefined {
  if (workload === null || !/^(qemu|lxc)\/\d+$/.test(workload)) return undefined
  const own = labels.name ? cut(name(labels.name), 40) : ''
  return {
    called: own === '' ? workload : `${own} (${workload})`,
    host: labels.node ? ` on ${cut(name(labels.node), 40)}` : '',
  }
}
