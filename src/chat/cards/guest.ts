import type { IncidentView } from '../../domain/view.ts'

/** A guest of Proxmox VE in words: `nextcloud (qemu/131)`, and ` on pve2` where its alert says so. */
export interface GuestWords {
  called: string
  host: string
}

/**
 * The guest an incident is about; undefined where it is about something else. Its name and host are the alert's word, and
 * told only where they are names as Proxmox VE gives them, so that nothing else can stand beside the id.
 */
export function guestOf({ incident: { workload, labels } }: IncidentView): GuestWords | undefined {
  if (workload === null || !/^(qemu|lxc)\/\d+$/.test(workload)) return undefined
  const [own, host] = [hostName(labels.name), hostName(labels.node)]
  return { called: own ? `${own} (${workload})` : workload, host: host ? ` on ${host}` : '' }
}

function hostName(text: string | undefined): string | undefined {
  return text !== undefined && /^[A-Za-z0-9][A-Za-z0-9.-]{0,62}$/.test(text) ? text : undefined
}
