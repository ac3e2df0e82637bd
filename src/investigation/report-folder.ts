import { randomBytes } from 'node:crypto'
import { mkdir, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { NamedReport } from './named.ts'
import { pushReports, type ReportsRemote } from './report-git.ts'

export interface KeepOptions {
  /** Where reports are kept; made where it is not there. */
  folder: string
  /** Where they are pushed to besides; undefined: nowhere. */
  remote: ReportsRemote | undefined
}

export interface KeptReport {
  path: string
  /** Whether it is in the Git remote: null where none is configured, else a sentence where it failed. */
  pushed: true | { problem: string } | null
}

/**
 * Writes a report into the folder, whole or not at all, and pushes what is there. A push that fails loses nothing: the file
 * stands, and the next push takes it along. The text must have no secrets in it any more.
 */
export async function keepReport(
  named: NamedReport,
  markdown: string,
  { folder, remote }: KeepOptions,
): Promise<KeptReport> {
  await mkdir(folder, { recursive: true })
  const path = join(folder, fileNameOf(named))
  const beside = `${path}.${randomBytes(4).toString('hex')}.part`
  await writeFile(beside, markdown, { mode: 0o640 })
  await rename(beside, path)
  return { path, pushed: remote ? await pushReports(folder, remote) : null }
}

/** `2026-11-21T190300Z-overview-3f9c.md`: in the order of time, and no two alike. */
export function fileNameOf({ request, startedAt }: Pick<NamedReport, 'request' | 'startedAt'>): string {
  const at = new Date(startedAt)
    .toISOString()
    .replace(/\.\d+Z$/, 'Z')
    .replaceAll(':', '')
  return `${at}-${request.name.replace(/[^a-z0-9-]/g, '-')}-${randomBytes(2).toString('hex')}.md`
}
