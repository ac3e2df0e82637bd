import { CallerError } from '@watchkeeper/mcp-shared'
import { parse } from 'yaml'
import type { ConfigMode, TalosCluster } from './cluster.ts'
import type { SnapshotFolder } from './snapshot-folder.ts'
import type { Call, Connection } from './talos-connection.ts'
import { UnimplementedError } from './talos-errors.ts'
import type { ResourceMessage } from './talos-resources.ts'
import { isFrom, parseVersion } from './talos-version.ts'

export type ChangingOptions = { cluster: string; snapshots: SnapshotFolder; now: () => number }

type Replies<T> = { messages: T[] }
type Changes = Pick<
  TalosCluster,
  | 'machineConfig'
  | 'startService'
  | 'stopService'
  | 'restartService'
  | 'reboot'
  | 'shutdown'
  | 'upgrade'
  | 'rollback'
  | 'defragment'
  | 'applyConfig'
  | 'saveSnapshot'
  | 'findSnapshot'
  | 'rehearsed'
  | 'wasRehearsed'
>

const MODES: Record<ConfigMode, string> = { auto: 'AUTO', no_reboot: 'NO_REBOOT', try: 'TRY' }
const CONTAINERD = { driver: 'CONTAINERD', namespace: 'NS_SYSTEM' }
const REMEMBERED = 1_000

/** Everything that changes something, and the reading of what only an administrator may read. */
export function changing(connection: Connection, { cluster, snapshots, now }: ChangingOptions): Changes {
  const rehearsals = new Set<string>()

  async function send<T>(call: Omit<Call, 'changing'>): Promise<Partial<T>> {
    const { messages } = await connection.unary<Replies<T>>({ ...call, changing: true })
    return messages[0] ?? {}
  }

  /** Runs an installer to its end: it says its exit code last. */
  async function install(node: string, image: string, onProgress: (text: string) => void, signal: AbortSignal) {
    const pull = { containerd: CONTAINERD, image_ref: image }
    const pulling = { method: 'machine.ImageService/Pull', request: pull, node, signal, changing: true } as const
    try {
      for await (const _layer of connection.stream(pulling)) onProgress('pulling the installer')
    } catch (error) {
      if (!(error instanceof UnimplementedError)) throw error
    }
    const request = { containerd: CONTAINERD, source: { image_name: image } }
    const method = 'machine.LifecycleService/Upgrade'
    let exit: number | undefined
    let last = ''
    for await (const { progress } of connection.stream<Progress>({ method, request, node, signal, changing: true })) {
      if (progress?.response === 'exit_code') exit = progress.exit_code
      else if (progress?.message) {
        last = progress.message
        onProgress(last)
      }
    }
    if (exit === 0) return
    throw new CallerError(
      'refused',
      `The installer on ${node} ended ${exit === undefined ? 'without an exit code' : `with code ${exit}`}: ${last}. The node was not rebooted.`,
    )
  }

  async function reboot(node: string, { powercycle }: { powercycle: boolean }, signal: AbortSignal): Promise<string> {
    const request = { mode: powercycle ? 'POWERCYCLE' : 'DEFAULT' }
    const { actor_id: actor = '' } = await send<Actor>({
      method: 'machine.MachineService/Reboot',
      request,
      node,
      signal,
    })
    return actor
  }

  return {
    async machineConfig(node, signal) {
      const request = { namespace: 'config', type: 'MachineConfigs.config.talos.dev', id: 'v1alpha1' }
      const method = 'cosi.resource.State/Get'
      const { resource } = await connection.unary<{ resource: ResourceMessage }>({ method, request, node, signal })
      const text = resource.spec?.yaml_spec ?? ''
      // Since configurations have several documents, the spec is one text that holds them.
      const inner: unknown = parse(text)
      return { yaml: typeof inner === 'string' ? inner : text, version: Number(resource.metadata.version) || 0 }
    },
    async startService(node, id, signal) {
      const method = 'machine.MachineService/ServiceStart'
      return (await send<Response>({ method, request: { id }, node, signal })).resp ?? ''
    },
    async stopService(node, id, signal) {
      const method = 'machine.MachineService/ServiceStop'
      return (await send<Response>({ method, request: { id }, node, signal })).resp ?? ''
    },
    async restartService(node, id, signal) {
      const method = 'machine.MachineService/ServiceRestart'
      return (await send<Response>({ method, request: { id }, node, signal })).resp ?? ''
    },
    reboot,
    async shutdown(node, signal) {
      const request = { force: false }
      const method = 'machine.MachineService/Shutdown'
      return (await send<Actor>({ method, request, node, signal })).actor_id ?? ''
    },
    async upgrade(node, image, talos, onProgress, signal) {
      const version = parseVersion(talos)
      const oldWay = version === undefined || !isFrom(version, 1, 18)
      if (oldWay) {
        const request = { image, preserve: true, stage: false, force: false, reboot_mode: 'DEFAULT' }
        try {
          const method = 'machine.MachineService/Upgrade'
          return (await send<Actor>({ method, request, node, signal })).actor_id ?? ''
        } catch (error) {
          const newer = version !== undefined && isFrom(version, 1, 13)
          if (!(error instanceof UnimplementedError) || !newer) throw error
        }
      }
      await install(node, image, onProgress, signal)
      return reboot(node, { powercycle: false }, signal)
    },
    async rollback(node, signal) {
      await send({ method: 'machine.MachineService/Rollback', node, signal })
    },
    async defragment(node, signal) {
      await send({ method: 'machine.MachineService/EtcdDefragment', node, signal })
    },
    async applyConfig(node, yaml, { mode, dryRun, trySeconds }, signal) {
      const request = {
        data: Buffer.from(yaml),
        mode: MODES[mode],
        dry_run: dryRun,
        ...(mode === 'try' ? { try_mode_timeout: { seconds: String(trySeconds), nanos: 0 } } : {}),
      }
      const method = 'machine.MachineService/ApplyConfiguration'
      const reply = await send<ConfigMessage>({ method, request, node, signal })
      return {
        mode: (reply.mode ?? '').toLowerCase(),
        details: reply.mode_details ?? '',
        warnings: reply.warnings ?? [],
      }
    },
    async saveSnapshot(node, { node: name, effect }, signal) {
      const call = { method: 'machine.MachineService/EtcdSnapshot', node, signal, changing: true } as const
      const label = { cluster, node: name, effect, at: new Date(now()) }
      return snapshots.save(label, bytesOf(connection.stream<{ bytes: Buffer }>(call)))
    },
    async findSnapshot(effect) {
      return snapshots.find(effect)
    },
    rehearsed(effect) {
      rehearsals.add(effect)
      const [oldest] = rehearsals
      if (rehearsals.size > REMEMBERED && oldest !== undefined) rehearsals.delete(oldest)
    },
    async wasRehearsed(effect) {
      return rehearsals.has(effect)
    },
  }
}

type Actor = { actor_id: string }
type Response = { resp: string }
type Progress = { progress: { response?: 'message' | 'exit_code'; message?: string; exit_code?: number } | null }
type ConfigMessage = { mode: string; mode_details: string; warnings: string[] }

async function* bytesOf(chunks: AsyncIterable<{ bytes: Buffer }>): AsyncGenerator<Buffer> {
  for await (const { bytes } of chunks) yield bytes
}
