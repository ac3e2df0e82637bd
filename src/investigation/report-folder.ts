import { randomBytes } from 'node:crypto'
import { rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { makeFolder } from '../storage/make-folder.ts'
import type { NamedReport } from './named.ts'
import { pushReports, type ReportsRemote } from './report-git.ts'

export interface KeepOptions {
  /** Where reports are kept; made where it is not there. */
  folder: string
  /** Where they are pushed to besides; undefined: nowhere. */
  remote: ReportsRemote | undefined
}

/** What a report's file is named by. */
export interface KeptName {
  id: string
  /** Unix milliseconds: when it was asked for. */
  at: number
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
  kept: KeptName = { id: randomBytes(2).toString('hex'), at: named.startedAt },
): Promise<KeptReport> {
  await makeFolder(folder)
  const file = fileNameOf(named, kept)
  const path = join(folder, file)
  const beside = `${path}.${randomBytes(4).toString('hex')}.part`
  await writeFile(beside, markdown, { mode: 0o640 })
  await rename(beside, path)
  return { path, pushed: remote ? await pushReports(folder, remote, file) : null }
}

/** `2026-11-21T190300Z-overview-3f9c.md`: in the order of time, and no two alike; the same investigation has the same again. */
function fileNameOf({ request }: Pick<NamedReport, 'request'>, { id, at }: KeptName): string {
  const time = new Date(at)
    .toISOString()
    .replace(/\.\d+Z$/, 'Z')
    .replaceAll(':', '')
  return `${time}-${request.name.replace(/[^a-z0-9-]/g, '-')}-${id.slice(0, 8)}.md`
}
