import { CallerError } from '@watchkeeper/mcp-shared'
import type { GuestRef, Params, ProxmoxCluster, TaskQuery } from './cluster.ts'
import { createJournal } from './journal.ts'
import type { ClusterAccess } from './proxmox-config.ts'
import { type ApiRequest, type Connection, connect } from './proxmox-connection.ts'
import { num, text, toRow, toRows } from './rows.ts'
import { parseUpid } from './upid.ts'

/** A real cluster behind the port. Makes no request until it is asked something. */
export function proxmoxCluster({ name, url, trust, reader, operator, protectedTags }: ClusterAccess): ProxmoxCluster {
  const reading = connect({ url, trust, token: reader, role: 'reader', cluster: name })
  const operating =
    operator === reader ? reading : connect({ url, trust, token: operator, role: 'operator', cluster: name })

  type Rest = { params?: Params; about?: string; node?: string; signal: AbortSignal }
  async function get(path: string, rest: Rest, by: Connection = reading) {
    return (await by.send({ method: 'GET', path, about: 'this', ...rest })).data
  }
  const rows = async (path: string, rest: Rest) => toRows(await get(path, rest))
  const row = async (path: string, rest: Rest) => toRow(await get(path, rest))
  const onNode = (node: string, signal: AbortSignal, about = `node ${node}`): Rest => ({ node, about, signal })
  const onGuest = (guest: GuestRef, signal: AbortSignal): Rest => onNode(guest.node, signal, `guest ${guest.id}`)

  async function change(
    method: ApiRequest['method'],
    guest: GuestRef,
    path: string,
    params: Params,
    signal: AbortSignal,
  ): Promise<unknown> {
    const about = `guest ${guest.id}`
    return (await operating.send({ method, path, params, about, node: guest.node, signal })).data
  }
  const started = async (...request: Parameters<typeof change>) => String((await change(...request)) ?? '')

  return {
    name,
    protectedTags,
    operator: operator.id,
    journal: createJournal(),
    version: (signal) => row('/version', { signal }),
    status: (signal) => rows('/cluster/status', { signal }),
    haStatus: (signal) => rows('/cluster/ha/status/current', { signal }),
    cephStatus: (signal) => row('/cluster/ceph/status', { signal }),
    resources: (type, signal) => rows('/cluster/resources', { params: { type }, signal }),

    nodeStatus: (node, signal) => row(nodePath(node, 'status'), onNode(node, signal)),
    nodeServices: (node, signal) => rows(nodePath(node, 'services'), onNode(node, signal)),
    async nodeJournal(node, { lines, since }, signal) {
      const params = { lastentries: lines, since }
      const found = await get(nodePath(node, 'journal'), { ...onNode(node, signal), params })
      return Array.isArray(found) ? found.map(String) : []
    },
    nodeDisks: (node, signal) => rows(nodePath(node, 'disks', 'list'), onNode(node, signal)),
    diskHealth: (node, disk, signal) =>
      row(nodePath(node, 'disks', 'smart'), { ...onNode(node, signal), params: { disk } }),
    storages: (node, signal) => rows(nodePath(node, 'storage'), onNode(node, signal)),
    storageContent: (node, storage, { content, guest }, signal) =>
      rows(nodePath(node, 'storage', storage, 'content'), {
        ...onNode(node, signal, `storage ${storage} on ${node}`),
        params: { content, vmid: guest },
      }),

    async guest(id, signal) {
      const found = (await rows('/cluster/resources', { params: { type: 'vm' }, signal })).find(
        (one) => num(one, 'vmid') === id,
      )
      const kind = found && text(found, 'type')
      const node = found && text(found, 'node')
      if (!found || !node || (kind !== 'qemu' && kind !== 'lxc'))
        throw new CallerError('not_found', `Guest ${id} not found on any node, or the reader may not see it.`)
      return { id, kind, node, name: text(found, 'name') }
    },
    guestStatus: (guest, signal) => row(guestPath(guest, 'status', 'current'), onGuest(guest, signal)),
    guestConfig: (guest, signal) => row(guestPath(guest, 'config'), onGuest(guest, signal)),
    guestPending: (guest, signal) => rows(guestPath(guest, 'pending'), onGuest(guest, signal)),
    guestSnapshots: (guest, signal) => rows(guestPath(guest, 'snapshot'), onGuest(guest, signal)),
    guestMetrics: (guest, timeframe, signal) =>
      rows(guestPath(guest, 'rrddata'), { ...onGuest(guest, signal), params: { timeframe, cf: 'AVERAGE' } }),
    guestAgent: async (guest, question, signal) =>
      (await row(guestPath(guest, 'agent', question), onGuest(guest, signal))).result,
    guestInterfaces: (guest, signal) => rows(guestPath(guest, 'interfaces'), onGuest(guest, signal)),
    async migrationCheck(guest, target, signal) {
      // It wants VM.Migrate even to look, which a reader should not have.
      return toRow(await get(guestPath(guest, 'migrate'), { ...onGuest(guest, signal), params: { target } }, operating))
    },
    firewallRules: (guest, signal) =>
      guest
        ? rows(guestPath(guest, 'firewall', 'rules'), onGuest(guest, signal))
        : rows('/cluster/firewall/rules', { signal }),

    notBackedUp: (signal) => rows('/cluster/backup-info/not-backed-up', { signal }),
    recentTasks: (signal) => rows('/cluster/tasks', { signal }),
    tasks: (query, signal) =>
      rows(nodePath(query.node, 'tasks'), { ...onNode(query.node, signal), params: taskParams(query) }),
    task: (upid, signal) => row(taskPath(upid, 'status'), taskRest(upid, signal)),
    async taskLog(upid, lines, signal) {
      const request = { method: 'GET' as const, path: taskPath(upid, 'log'), ...taskRest(upid, signal) }
      const first = await reading.send({ ...request, params: { start: 0, limit: lines } })
      const total = first.total ?? toRows(first.data).length
      const last =
        total > lines ? await reading.send({ ...request, params: { start: total - lines, limit: lines } }) : first
      return { lines: toRows(last.data).map((line) => text(line, 't') ?? ''), total }
    },
    async permissions(who, signal) {
      return toRow(await get('/access/permissions', { signal }, who === 'reader' ? reading : operating))
    },

    power: (guest, action, params, signal) =>
      started('POST', guest, guestPath(guest, 'status', action), params, signal),
    createSnapshot: (guest, params, signal) => started('POST', guest, guestPath(guest, 'snapshot'), params, signal),
    deleteSnapshot: (guest, snapshot, signal) =>
      started('DELETE', guest, guestPath(guest, 'snapshot', snapshot), {}, signal),
    rollBack: (guest, snapshot, params, signal) =>
      started('POST', guest, guestPath(guest, 'snapshot', snapshot, 'rollback'), params, signal),
    backUp: (guest, params, signal) =>
      started('POST', guest, nodePath(guest.node, 'vzdump'), { vmid: guest.id, ...params }, signal),
    migrate: (guest, params, signal) => started('POST', guest, guestPath(guest, 'migrate'), params, signal),
    async configure(guest, params, signal) {
      await change('PUT', guest, guestPath(guest, 'config'), params, signal)
    },
  }
}

/** Tasks that still run come too (`source: all`), newest first. */
function taskParams({ guest, type, errors, since, limit }: TaskQuery): Params {
  return { source: 'all', vmid: guest, typefilter: type, errors, since, limit }
}

/** A task's path names the node that ran it, which its id tells. */
function taskPath(upid: string, what: 'status' | 'log'): string {
  const task = parseUpid(upid)
  if (!task) throw new CallerError('invalid', 'This is no UPID: UPID:node:pid:pstart:starttime:type:id:user:')
  return nodePath(task.node, 'tasks', upid, what)
}

function taskRest(upid: string, signal: AbortSignal) {
  return { node: parseUpid(upid)?.node ?? '', about: `task ${upid}`, signal }
}

function nodePath(node: string, ...rest: string[]): string {
  return ['/nodes', ...[node, ...rest].map(encodeURIComponent)].join('/')
}

function guestPath({ node, kind, id }: GuestRef, ...rest: string[]): string {
  return nodePath(node, kind, String(id), ...rest)
}
