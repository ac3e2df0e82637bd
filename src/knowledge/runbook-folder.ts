import { readdir, readFile } from 'node:fs/promises'
import { join, relative } from 'node:path'
import type { Problem, Runbook } from '../domain/runbook.ts'
import { parseRunbook } from './runbook-file.ts'

/** All runbooks of a folder that can be used, in the order of their ids, and everything that is wrong there. */
export interface RunbookFolder {
  readonly runbooks: Runbook[]
  readonly problems: Problem[]
}

/**
 * Reads every `*.md` below a folder, README files aside; or the one file that is named. A broken file becomes problems and hides no other file. Of two
 * runbooks with one id neither is used, since a record could not say which of them earned it.
 *
 * A folder that cannot be read is one problem, at its own path.
 */
export async function loadRunbookFolder(folder: string): Promise<RunbookFolder> {
  const problems: Problem[] = []
  const runbooks: Runbook[] = []
  for (const file of await listFiles(folder, problems)) {
    const shown = relative(process.cwd(), file) || file
    const text = await readFile(file, 'utf8').catch((error: unknown) => unreadable(shown, error, problems))
    if (text === undefined) continue
    const parsed = parseRunbook(text, shown)
    problems.push(...parsed.problems)
    if (parsed.runbook) runbooks.push(parsed.runbook)
  }
  return { runbooks: withoutTwins(runbooks, problems), problems }
}

async function listFiles(folder: string, problems: Problem[]): Promise<string[]> {
  try {
    const entries = await readdir(folder, { recursive: true, withFileTypes: true })
    return entries
      .filter((entry) => entry.isFile() && entry.name.endsWith('.md') && !/^readme\.md$/i.test(entry.name))
      .map((entry) => join(entry.parentPath, entry.name))
      .sort()
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOTDIR') return [folder]
    unreadable(folder, error, problems)
    return []
  }
}

function unreadable(path: string, error: unknown, problems: Problem[]): undefined {
  const reason = error instanceof Error && 'code' in error ? String(error.code) : String(error)
  const hint = 'Check that it exists and may be read.'
  problems.push({ path, line: 1, severity: 'error', message: `This cannot be read (${reason}).`, hint })
}

function withoutTwins(runbooks: Runbook[], problems: Problem[]): Runbook[] {
  const byId = Map.groupBy(runbooks, (runbook) => runbook.id)
  for (const [id, same] of byId) {
    if (same.length === 1) continue
    for (const { source } of same) {
      const others = same.map((other) => other.source.path).filter((path) => path !== source.path)
      const { line, column } = source.positions['/id'] ?? { line: 1, column: 1 }
      const message = `The id \`${id}\` is also used in ${others.join(', ')}; none of them is used.`
      problems.push({
        path: source.path,
        line,
        column,
        severity: 'error',
        message,
        hint: 'Give one of them another id.',
      })
    }
  }
  return [...byId.values()].flatMap((same) => (same.length === 1 ? same : [])).sort((a, b) => (a.id < b.id ? -1 : 1))
}
