import { readFile } from 'node:fs/promises'
import { readConfig } from '../config.ts'
import { OperatorError } from '../domain/errors.ts'
import type { Json } from '../domain/json.ts'
import { readPrompt } from '../inference/prompts.ts'
import { findInvestigation } from '../investigation/investigation-rows.ts'
import { type InvestigationRecording, readRecording } from '../investigation/recording.ts'
import { replay } from '../investigation/replay.ts'
import { reportMarkdown } from '../investigation/report-markdown.ts'
import { withDatabase } from './with-database.ts'

/**
 * Runs a recorded investigation again, without any network, and prints its report as Markdown; where it went otherwise than in
 * the record is told on stderr. `which` is its id, its first eight characters or more, or a file with a record.
 */
export async function replayCommand(which: string, env: Readonly<Record<string, string | undefined>>): Promise<number> {
  const { title, stored } = which.endsWith('.json') ? await fromFile(which) : await fromDatabase(which, env)
  const recordings = recordingsIn(stored)
  if (recordings.length === 0)
    throw new OperatorError(`${which} has no record that this version can read, so it cannot be run again.`)
  const prompt = readPrompt('investigate')
  for (const recording of recordings) {
    const { report, differences } = await replay(recording, { prompt })
    process.stdout.write(reportMarkdown(title, report))
    for (const difference of differences) process.stderr.write(`${difference}\n`)
    if (differences.length === 0) process.stderr.write('It went as in the record.\n')
  }
  return 0
}

/** A named investigation has a record for each cluster. */
function recordingsIn(stored: Json): InvestigationRecording[] {
  const all: readonly Json[] = Array.isArray(stored) ? stored : [stored]
  return all.flatMap((one) => readRecording(one) ?? [])
}

async function fromDatabase(id: string, env: Readonly<Record<string, string | undefined>>) {
  const found = await withDatabase(readConfig(env), (sql) => findInvestigation(sql, id))
  if (!found)
    throw new OperatorError(
      `No investigation has the id ${id.slice(0, 60)}. Give the whole id, or its first eight characters.`,
    )
  if (found.recording === null)
    throw new OperatorError(
      `The investigation ${found.id} has no record: it ${found.status === 'done' ? 'was kept without one' : `is ${found.status}`}.`,
    )
  const about = found.incident === null ? found.kind : `incident ${found.incident}`
  return { title: `Investigation ${found.id.slice(0, 8)}, ${about}`, stored: found.recording }
}

async function fromFile(path: string): Promise<{ title: string; stored: Json }> {
  const text = await readFile(path, 'utf8').catch((cause) => {
    throw new OperatorError(`${path} cannot be read. Name a file that is there.`, { cause })
  })
  try {
    return { title: 'Investigation', stored: JSON.parse(text) as Json }
  } catch (cause) {
    throw new OperatorError(`${path} is not JSON.`, { cause })
  }
}
