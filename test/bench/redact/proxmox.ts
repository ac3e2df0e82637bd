import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { proxmoxCluster } from '../../../mcp-servers/proxmox/src/proxmox-cluster.ts'
import { clusterAccess } from '../../../mcp-servers/proxmox/src/proxmox-config.ts'
import { tools } from '../../../mcp-servers/proxmox/src/tools/index.ts'
import { startProxmox } from '../../simulators/proxmox/cluster.ts'
import { addGuest, type State } from '../../simulators/proxmox/state.ts'
import { isWholeFile, type Secret } from '../redact-kinds.ts'
import { type RedactBench, servable } from './planted-server.ts'

const FIRST = 1_000

/** Notes, settings, snapshots, backups, rules of the firewall, journals and logs of tasks carry every text. */
export const proxmoxRedact: RedactBench = {
  server: 'proxmox',
  async start(texts) {
    const cluster = await startProxmox({ taskMs: 1, prepare: (state) => plant(state, texts) })
    const folder = mkdtempSync(join(tmpdir(), 'watchkeeper-redact-'))
    const ca = join(folder, 'ca.pem')
    writeFileSync(ca, cluster.certificate)
    const env = {
      PROXMOX_URL: cluster.url,
      PROXMOX_CA_FILE: ca,
      PROXMOX_TOKEN_ID: cluster.token('reader').id,
      PROXMOX_TOKEN_SECRET: cluster.token('reader').secret,
      PROXMOX_OPERATOR_TOKEN_ID: cluster.token('operator').id,
      PROXMOX_OPERATOR_TOKEN_SECRET: cluster.token('operator').secret,
    }
    const [access] = await clusterAccess({ env, readOnly: false })
    if (!access) throw new Error('the environment names no cluster')
    const port = proxmoxCluster(access)
    const own = (['reader', 'operator'] as const).map((role) => cluster.token(role).secret)
    const seeded = [...cluster.planted(), ...own].map((text): Secret => ({ kind: 'seeded', text, hidden: [text] }))
    const upids: string[] = []
    for (const [at, { text }] of texts.entries()) {
      cluster.nextTask({ match: /^qmreset /, how: 'warn', message: text })
      const guest = { id: FIRST + at, kind: 'qemu' as const, node: 'pve1', name: undefined }
      upids.push(await port.power(guest, 'reset', {}, AbortSignal.timeout(5_000)))
    }
    await cluster.waitUntil(() => cluster.tasks().every(({ exit }) => exit !== undefined))
    const definition = {
      name: 'watchkeeper-proxmox',
      title: 'Watchkeeper for Proxmox VE',
      version: '0',
      instructions: '',
      tools,
      ports: new Map([[access.name, port]]),
    }
    const about = (guest: number) =>
      ['guest_get', 'snapshots_list', 'backups_list', 'tasks_list'].map((tool) => ({ tool, args: { guest } }))
    return {
      ...servable(definition),
      planted: [...texts, ...seeded],
      calls: [
        ...['clusters_list', 'cluster_status', 'permissions', 'firewall_rules', 'backups_list', 'storage_list'].map(
          (tool) => ({ tool, args: {} }),
        ),
        { tool: 'resources', args: { limit: 500 } },
        ...['node_status', 'node_services', 'node_disks'].map((tool) => ({ tool, args: { node: 'pve1' } })),
        ...['pve1', 'pve2'].flatMap((node) => [
          { tool: 'node_journal', args: { node, tail: 500 } },
          { tool: 'node_journal', args: { node, tail: 500, grep: 'a' } },
        ]),
        ...['vault', 'local'].map((storage) => ({ tool: 'storage_content', args: { storage, node: 'pve1' } })),
        ...[100, 200, ...Array.from({ length: 2 * texts.length }, (_, at) => FIRST + at)].flatMap(about),
        ...['guest_metrics', 'guest_agent_info', 'firewall_rules'].map((tool) => ({ tool, args: { guest: 100 } })),
        { tool: 'tasks_list', args: { limit: 200 } },
        ...upids.map((upid) => ({ tool: 'task_get', args: { upid, tail: 300 } })),
      ],
      async stop() {
        await cluster.stop()
        rmSync(folder, { recursive: true, force: true })
      },
    }
  },
}

function plant(state: State, texts: readonly Secret[]): void {
  const now = Math.floor(state.now() / 1000)
  for (const [at, { kind, text }] of texts.entries()) {
    const id = FIRST + at
    const settings = { description: text, args: `-fw_cfg name=opt/note,string=${text}`, tags: 'planted' }
    addGuest(state, { id, config: settings }).snapshots.push({ name: 'noted', description: text, snaptime: now })
    const guest = state.guests.get(id)
    if (guest) guest.pending.description = text
    addGuest(state, { id: id + texts.length, kind: 'lxc', config: { description: text, env: `NOTE=${text}` } })
    state.firewall.push({ pos: at + 2, type: 'in', action: 'ACCEPT', enable: 1, comment: text })
    const volume = { storage: 'vault', content: 'backup', format: 'vma.zst', size: 1, vmid: id, ctime: now }
    state.volumes.push({ ...volume, volid: `vault:backup/vzdump-qemu-${id}-${kind}.vma.zst`, notes: text })
  }
  for (const one of texts) state.nodes.get(isWholeFile(one) ? 'pve2' : 'pve1')?.journal.push(...one.text.split('\n'))
}
