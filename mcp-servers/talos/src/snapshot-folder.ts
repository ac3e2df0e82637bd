import { createHash } from 'node:crypto'
import { open, readdir, readFile, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { CallerError, ToolError, UpstreamError } from '@watchkeeper/mcp-shared'
import type { SavedSnapshot } from './cluster.ts'

const DIGEST = 32

export type SnapshotLabel = { cluster: string; node: string; effect: string; at: Date }

/**
 * The folder snapshots are written to, and nowhere else. A snapshot holds every Secret of the cluster, so files are for
 * their owner alone, and there is no way to read one back through this server.
 */
export type SnapshotFolder = {
  save(label: SnapshotLabel, chunks: AsyncIterable<Buffer>): Promise<SavedSnapshot>
  find(effect: string): Promise<SavedSnapshot | undefined>
}

/** `path` undefined: every save is refused, with what to configure. */
export function snapshotFolder(path: string | undefined): SnapshotFolder {
  return {
    async save({ cluster, node, effect, at }, chunks) {
      const folder = configured(path)
      const time = at.toISOString().replace(/[:.]/g, '-')
      const file = `etcd_${plain(cluster)}_${plain(node)}_${time}_${plain(effect)}.snapshot`
      const partial = join(folder, `${file}.partial`)
      try {
        const saved = await write(partial, chunks)
        // The name appears only when the whole is on disk, so that whoever finds it has all of it.
        await rename(partial, join(folder, file))
        return { file, ...saved }
      } catch (error) {
        await rm(partial, { force: true })
        throw isSystemError(error) ? cannotWrite(folder, error) : error
      }
    },
    async find(effect) {
      const folder = configured(path)
      const names = await readdir(folder).catch((error: unknown) => {
        throw cannotWrite(folder, error)
      })
      const file = names.find((name) => name.endsWith(`_${plain(effect)}.snapshot`))
      if (!file) return undefined
      const { size } = await stat(join(folder, file))
      const sha256 = createHash('sha256')
        .update(await readFile(join(folder, file)))
        .digest('hex')
      return { file, bytes: size, sha256 }
    },
  }
}

/**
 * etcd ends a snapshot with the SHA-256 of what went before. A stream that broke off has another end, and is no snapshot.
 * Source: https://etcd.io/docs/v3.6/op-guide/recovery/
 */
async function write(path: string, chunks: AsyncIterable<Buffer>): Promise<{ bytes: number; sha256: string }> {
  const whole = createHash('sha256')
  const body = createHash('sha256')
  let tail: Buffer = Buffer.alloc(0)
  let bytes = 0
  const file = await open(path, 'wx', 0o600)
  try {
    for await (const chunk of chunks) {
      await file.write(chunk)
      whole.update(chunk)
      const held = Buffer.concat([tail, chunk])
      const end = Math.max(0, held.length - DIGEST)
      body.update(held.subarray(0, end))
      tail = held.subarray(end)
      bytes += chunk.length
    }
    await file.sync()
  } finally {
    await file.close()
  }
  if (bytes <= DIGEST || !body.digest().equals(tail))
    throw new UpstreamError(
      'unreachable',
      'The snapshot came in broken (its own checksum does not fit): nothing was kept.',
    )
  return { bytes, sha256: whole.digest('hex') }
}

function configured(path: string | undefined): string {
  if (path !== undefined) return path
  throw new CallerError(
    'refused',
    'This server has no folder for snapshots: start it with --snapshot-dir FOLDER (TALOS_SNAPSHOT_DIR).',
  )
}

function cannotWrite(folder: string, error: unknown): ToolError {
  const code = error instanceof Error && 'code' in error ? String(error.code) : 'failed'
  return new ToolError('refused', `The folder for snapshots, ${folder}, cannot be used (${code}).`, { cause: error })
}

function isSystemError(error: unknown): boolean {
  return error instanceof Error && 'syscall' in error
}

function plain(text: string): string {
  return text.replace(/[^A-Za-z0-9.-]/g, '-').slice(0, 64)
}
