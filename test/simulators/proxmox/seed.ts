import { addGuest, GIB, type State } from './state.ts'

/** Values that no tool may ever show, each in a place where people and programs do leave such things. */
export const PLANTED = {
  cloudInitPassword: '$5$planted$cipasswordValue0001',
  sshKey: 'AAAAC3NzaC1lZDI1NTE5PlantedSshKey0002',
  notes: 'planted-notes-password-0003',
  arguments: 'planted-fwcfg-password-0004',
  environment: 'planted-ct-env-password-0005',
  snapshot: 'ghp_PlantedSnapshotToken0006abcdefgh',
  journal: 'planted-journal-password-0007',
  journalToken: '0f0e0d0c-planted-apitoken-0008',
  taskLog: 'planted-pbs-password-0009',
  backupNotes: 'planted-backup-password-0010',
  firewall: 'planted-firewall-secret-0011',
  pending: '$5$planted$pendingPassword0012',
  agent: 'planted-agent-token-0013',
} as const

/** A homelab: three nodes, local and shared storages, six guests, one of them a member of etcd. */
export function seed(state: State): void {
  for (const [at, name] of ['pve1', 'pve2', 'pve3'].entries())
    state.nodes.set(name, {
      name,
      online: true,
      cpus: 16,
      memory: 64 * GIB,
      memoryUsed: (8 + at * 4) * GIB,
      journal: [
        `Nov 01 10:00:00 ${name} systemd[1]: Started pveproxy.service - PVE API Proxy Server.`,
        `Nov 01 10:00:05 ${name} pvedaemon[1201]: storage login with password=${PLANTED.journal} failed`,
        `Nov 01 10:00:06 ${name} curl[1300]: Authorization: PVEAPIToken=backup@pve!job=${PLANTED.journalToken}`,
        `Nov 01 10:00:09 ${name} kernel: \u001b[31mOut of memory\u001b[0m: Killed process 4242 (kvm)`,
      ],
    })
  const storage = (
    name: string,
    type: string,
    content: string,
    rest: { shared?: boolean; used?: number; total?: number } = {},
  ) =>
    state.storages.set(name, {
      storage: name,
      type,
      content,
      shared: false,
      used: 100 * GIB,
      total: 400 * GIB,
      ...rest,
    })
  storage('local', 'dir', 'iso,vztmpl,snippets')
  storage('local-lvm', 'lvmthin', 'images,rootdir')
  storage('local-zfs', 'zfspool', 'images,rootdir')
  storage('thick', 'lvm', 'images,rootdir')
  storage('vault', 'nfs', 'backup', { shared: true, total: 4_000 * GIB })

  addGuest(state, {
    id: 100,
    name: 'web',
    tags: 'web',
    config: {
      description: `Shop front.\npassword: ${PLANTED.notes}\n`,
      cipassword: PLANTED.cloudInitPassword,
      ciuser: 'anna',
      sshkeys: encodeURIComponent(`ssh-ed25519 ${PLANTED.sshKey} anna@example.org`),
      args: `-fw_cfg name=opt/app,string=x -object secret,id=s0,password=${PLANTED.arguments}`,
      agent: '1',
    },
  }).snapshots.push({
    name: 'before-upgrade',
    description: `by hand, token ${PLANTED.snapshot}`,
    snaptime: Math.floor(state.now() / 1000) - 86_400,
  })
  const web = state.guests.get(100)
  if (web) web.pending.cipassword = PLANTED.pending
  addGuest(state, { id: 101, name: 'jobs', running: false })
  addGuest(state, { id: 102, name: 'build', node: 'pve2', paused: true })
  addGuest(state, { id: 110, name: 'talos-cp1', node: 'pve2', tags: 'etcd;talos' })
  addGuest(state, { id: 120, name: 'legacy', node: 'pve3', storage: 'thick' })
  addGuest(state, {
    id: 200,
    kind: 'lxc',
    name: 'dns',
    config: { env: `MODE=prod\u0000DB_PASSWORD=${PLANTED.environment}` },
  })
  addGuest(state, { id: 900, name: 'template', running: false, config: { template: 1 } })

  state.volumes.push({
    volid: 'vault:backup/vzdump-qemu-100-2026_10_31-02_00_00.vma.zst',
    storage: 'vault',
    content: 'backup',
    format: 'vma.zst',
    size: 8 * GIB,
    vmid: 100,
    ctime: Math.floor(state.now() / 1000) - 100_000,
    notes: `web, secret=${PLANTED.backupNotes}`,
  })
  state.volumes.push({
    volid: 'local:iso/debian-13.iso',
    storage: 'local',
    node: 'pve1',
    content: 'iso',
    format: 'iso',
    size: GIB,
  })
  state.firewall.push(
    {
      pos: 0,
      type: 'in',
      action: 'ACCEPT',
      enable: 1,
      proto: 'tcp',
      dport: '8006',
      comment: `ask bob, pwd=${PLANTED.firewall}`,
    },
    { pos: 1, type: 'in', action: 'DROP', enable: 0 },
  )
}
