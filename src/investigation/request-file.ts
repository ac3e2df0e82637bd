import { createHash } from 'node:crypto'
import { readdir, readFile, rename, stat, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { z } from 'zod'
import { readYamlText } from '../knowledge/yaml-text.ts'
import { makeFolder } from '../storage/make-folder.ts'
import type { InvestigationRequest } from './investigation-rows.ts'
import { type KnownNames, type NamedRequest, namedRequest } from './named-request.ts'

const File = z.strictObject({
  name: z.string().optional(),
  runbook: z.string().optional(),
  question: z.string().optional(),
  clusters: z.array(z.string()).optional(),
  minutes: z.number().optional(),
  side_by_side: z.boolean().optional(),
  labels: z.record(z.string(), z.string()).optional(),
})

/** Reads a request file, YAML or JSON: `name`, `runbook`, `question`, `clusters`, `minutes`, `side_by_side`, `labels`, all optional. */
export function parseRequestFile(text: string, known: KnownNames): NamedRequest | { problem: string } {
  const yaml = readYamlText(text)
  if ('problem' in yaml) return yaml
  const read = File.safeParse(yaml.data ?? {})
  if (!read.success) {
    const [issue] = read.error.issues
    const fields = Object.keys(File.shape).join(', ')
    return {
      problem: `${issue?.path.join('.') || 'The file'}: ${issue?.message ?? 'does not fit'}. It may have ${fields}.`,
    }
  }
  const { side_by_side: sideBySide, ...wanted } = read.data
  return namedRequest({ ...wanted, sideBySide }, known)
}

export interface TakenRequest {
  /** The file as it is called now: `.taken`, so that nobody takes it again. */
  path: string
  /** What it was called. */
  file: string
  request: NamedRequest
}

export interface RejectedRequest {
  /** The file as it is called now; beside it stands `.reason`. */
  path: string
  file: string
  problem: string
}

const TAKEN = '.taken'
const LARGEST = 64 * 1_024
const REQUEST = /\.(?:ya?ml|json)$/

/**
 * Takes the requests that lie in a folder, each when it is asked for, by renaming it: of several processes one gets it. A bad
 * one is kept as `NAME.rejected` with the reason in `NAME.rejected.reason`. Makes the folder where there is none.
 */
export async function* takeRequests(
  folder: string,
  known: KnownNames,
): AsyncGenerator<{ taken: TakenRequest } | { rejected: RejectedRequest }> {
  // Read more than once.
  const names = { runbooks: [...known.runbooks], clusters: [...known.clusters] }
  await makeFolder(folder)
  for (const file of (await readdir(folder)).filter((name) => REQUEST.test(name)).sort()) {
    const path = await claim(folder, file)
    if (path === undefined) continue
    const read = await readOne(path, names)
    if ('problem' in read) {
      const { problem } = read
      yield { rejected: { file, problem, path: await reject(path, folder, file, problem) } }
    } else yield { taken: { file, path, request: read } }
  }
}

/** Notes that a taken request was carried out, or why it was not. */
export async function finishRequest(
  { path }: TakenRequest,
  outcome: { done: true } | { problem: string },
): Promise<void> {
  const plain = path.slice(0, -TAKEN.length)
  if ('done' in outcome) await rename(path, `${plain}.done`)
  else await reject(path, join(plain, '..'), basename(plain), outcome.problem)
}

/** Undefined where somebody else was quicker. */
async function claim(folder: string, file: string, mark = TAKEN): Promise<string | undefined> {
  const path = join(folder, `${file}${mark}`)
  try {
    await rename(join(folder, file), path)
    return path
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
    throw error
  }
}

async function readOne(path: string, known: KnownNames): Promise<NamedRequest | { problem: string }> {
  const { size } = await stat(path)
  if (size > LARGEST) return { problem: 'The file is larger than 64 KiB. A request is a few lines.' }
  return parseRequestFile(await readFile(path, 'utf8'), known)
}

async function reject(path: string, folder: string, file: string, problem: string): Promise<string> {
  const kept = join(folder, `${file}.rejected`)
  await rename(path, kept)
  await writeFile(`${kept}.reason`, `${problem}\n`)
  return kept
}

export interface SweepDeps {
  folder: string
  /** `complete`: every server answers, so that a cluster that is not among them is not there. */
  known(): Promise<KnownNames & { complete: boolean }>
  /** Asks for it, once for a key; resolves when the asking is safe. */
  ask(request: NamedRequest, file: string, key: string): Promise<void>
  onRejected?: (rejected: RejectedRequest) => void
  /** Told of each that waits until the servers of its clusters answer, at every sweep. */
  onWaiting?: (file: string) => void
}

/** What is being asked for. Longer than a moment it is so only where its process died. */
const ASKING = '.asking'
const STALE_MS = 60_000

/**
 * Asks for everything that lies in the folder, one file after the other. One that could not be asked for goes back under its own
 * name, for the next time; so does what a process left behind that died. Its key keeps that from asking for it twice.
 */
export async function sweepRequests(deps: SweepDeps): Promise<void> {
  const { folder } = deps
  const lying = await readdir(folder).catch(() => [])
  for (const name of lying.filter((one) => one.endsWith(ASKING))) await returnStale(folder, name)
  const files = lying.filter((name) => REQUEST.test(name)).sort()
  if (files.length === 0) return
  const { runbooks, clusters, complete } = await deps.known()
  // Read once for each file.
  const known = { runbooks: [...runbooks], clusters: [...clusters], complete }
  const failed: unknown[] = []
  for (const file of files) await sweepOne(deps, file, known).catch((error: unknown) => failed.push(error))
  if (failed.length > 0) throw failed[0]
}

async function sweepOne({ folder, ask, onRejected, onWaiting }: SweepDeps, file: string, known: Known): Promise<void> {
  const path = await claim(folder, file, ASKING)
  if (path === undefined) return
  const goBack = () => rename(path, join(folder, file)).catch(() => {})
  try {
    const read = await readOne(path, known)
    if ('problem' in read) {
      if (!known.complete && (await mayBeThere(path, known))) {
        onWaiting?.(file)
        await goBack()
        return
      }
      onRejected?.({ file, problem: read.problem, path: await reject(path, folder, file, read.problem) })
      return
    }
    await ask(read, file, await keyOf(path, file))
  } catch (error) {
    await goBack()
    throw error
  }
  // It is asked for: whatever becomes of its name, it must not lie there anew.
  await rename(path, join(folder, `${file}.done`))
}

type Known = Awaited<ReturnType<SweepDeps['known']>>

/** Whether it would do if the clusters that it names were there: some server does not say just now what it has. */
async function mayBeThere(path: string, { runbooks, clusters }: Known): Promise<boolean> {
  const yaml = readYamlText(await readFile(path, 'utf8'))
  const named = 'problem' in yaml ? undefined : File.safeParse(yaml.data ?? {}).data?.clusters
  const there = [...clusters, ...(named ?? ['not known yet'])]
  return !('problem' in (await readOne(path, { runbooks, clusters: there })))
}

/** The same file keeps it through every renaming; one that is laid down anew has another. */
async function keyOf(path: string, file: string): Promise<string> {
  const { mtimeMs } = await stat(path)
  const parts = [file, String(mtimeMs), await readFile(path, 'utf8')]
  return `file:${createHash('sha256').update(JSON.stringify(parts)).digest('hex')}`
}

/** Renaming sets the time of the last change: what is young is in somebody's hands. */
async function returnStale(folder: string, name: string): Promise<void> {
  const path = join(folder, name)
  try {
    const { ctimeMs } = await stat(path)
    if (Date.now() - ctimeMs > STALE_MS) await rename(path, path.slice(0, -ASKING.length))
  } catch {
    // Somebody else was quicker.
  }
}

/** What a request is in the row that asks for it. */
export function rowRequest(
  request: NamedRequest,
): Partial<InvestigationRequest> & Pick<InvestigationRequest, 'deadlineMs'> {
  const { name, runbook = null, question = null, clusters, minutes, sideBySide, labels } = request
  return {
    name,
    runbook,
    text: question,
    clusters: [...clusters],
    minutes,
    sideBySide,
    labels: { ...labels },
    deadlineMs: minutes * 60_000,
  }
}
