import { mkdir, readdir, readFile, rename, stat, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { z } from 'zod'
import { readYamlText } from '../knowledge/yaml-text.ts'
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

const LARGEST = 64 * 1_024
const REQUEST = /\.(?:ya?ml|json)$/

/**
 * Takes the requests that lie in a folder, by renaming each: of several processes one gets it. A bad one is kept as
 * `NAME.rejected` with the reason in `NAME.rejected.reason`. Makes the folder where there is none.
 */
export async function takeRequests(
  folder: string,
  known: KnownNames,
): Promise<{ taken: TakenRequest[]; rejected: RejectedRequest[] }> {
  await mkdir(folder, { recursive: true })
  const names = (await readdir(folder)).filter((name) => REQUEST.test(name)).sort()
  const taken: TakenRequest[] = []
  const rejected: RejectedRequest[] = []
  for (const file of names) {
    const path = await claim(folder, file)
    if (path === undefined) continue
    const read = await readOne(path, known)
    if ('problem' in read)
      rejected.push({ file, problem: read.problem, path: await reject(path, folder, file, read.problem) })
    else taken.push({ file, path, request: read })
  }
  return { taken, rejected }
}

/** Notes that a taken request was carried out, or why it was not. */
export async function finishRequest(
  { path }: TakenRequest,
  outcome: { done: true } | { problem: string },
): Promise<void> {
  const plain = path.slice(0, -'.taken'.length)
  if ('done' in outcome) await rename(path, `${plain}.done`)
  else await reject(path, join(plain, '..'), basename(plain), outcome.problem)
}

/** Undefined where somebody else was quicker. */
async function claim(folder: string, file: string): Promise<string | undefined> {
  const path = join(folder, `${file}.taken`)
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
  known(): Promise<KnownNames>
  /** Asks for it; resolves when the asking is safe. */
  ask(request: NamedRequest, file: string): Promise<void>
  onRejected?: (rejected: RejectedRequest) => void
}

/** Asks for everything that lies in the folder. One that could not be asked for goes back under its own name, for the next time. */
export async function sweepRequests({ folder, known, ask, onRejected }: SweepDeps): Promise<void> {
  const { taken, rejected } = await takeRequests(folder, await known())
  for (const one of rejected) onRejected?.(one)
  const failed: unknown[] = []
  for (const one of taken) {
    try {
      await ask(one.request, one.file)
      await finishRequest(one, { done: true })
    } catch (error) {
      failed.push(error)
      await rename(one.path, join(folder, one.file)).catch(() => {})
    }
  }
  if (failed.length > 0) throw failed[0]
}
