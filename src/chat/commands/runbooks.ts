import { levelOf } from '../../autonomy/levels.ts'
import type { Runbook } from '../../domain/runbook.ts'
import { type RunbookStats, runbookStats } from '../../knowledge/runbook-stats.ts'
import { cut, name, prose } from '../cards/clean.ts'
import type { Command, CommandDeps, Reply } from './command.ts'

const LISTED = 40
const PROSE = 900

/** A line each: what it is for, what it may do here, how it did. */
export async function runbookList({ runbooks, cluster = '' }: CommandDeps, { tx }: Command): Promise<Reply> {
  const all = [...(runbooks?.() ?? new Map<string, Runbook>()).values()].sort((a, b) => a.id.localeCompare(b.id))
  if (all.length === 0) return { text: 'There are no runbooks. Set RUNBOOKS_DIR to a folder that has some.' }
  const lines: string[] = []
  for (const runbook of all.slice(0, LISTED)) {
    const { level } = await levelOf(tx, runbook, cluster)
    const stats = await runbookStats(tx, runbook.id)
    const does = runbook.steps.length === 0 ? 'advice only' : level
    lines.push(`${name(runbook.id)}: ${prose(runbook.title, 60)} (${does}${recordWords(stats)})`)
  }
  const more = all.length > LISTED ? [`and ${all.length - LISTED} more in the folder`] : []
  return { text: cut([...lines, ...more, 'One of them: /runbook ID'].join('\n'), 3_800) }
}

function recordWords({ ran, succeeded, failed }: RunbookStats): string {
  return ran === 0 ? '' : `, ran ${ran}: ${succeeded} verified, ${failed} failed`
}

/** What one does, for which alerts, in which steps, and how it did. */
export async function oneRunbook({ runbooks, cluster = '' }: CommandDeps, { tx, words }: Command): Promise<Reply> {
  const id = words.split(/\s/)[0] ?? ''
  if (id === '') return { text: 'Say which: /runbook ID. /runbooks lists them.' }
  const runbook = runbooks?.().get(id)
  if (!runbook) return { text: `There is no runbook ${prose(id, 60)}. /runbooks lists them.` }
  const { level } = await levelOf(tx, runbook, cluster)
  const stats = await runbookStats(tx, runbook.id)
  const { match, checks, steps, ceiling } = runbook
  const matchers = match.matchers.map(({ label, operator, value }) => `${label}${operator}"${value}"`)
  const lines = [
    `${prose(runbook.title, 120)} (${name(runbook.id)}, version ${runbook.version.slice(0, 12)})`,
    `For: ${prose([...match.alertnames, ...matchers].join(', ') || 'any alert', 300)}`,
    ...(checks.length > 0
      ? [`Looks first: ${checks.map(({ id: check, tool }) => `${name(check)} (${name(tool)})`).join(', ')}`]
      : []),
    ...steps.map((step, at) => `${at + 1}. ${name(step.tool)} ${cut(JSON.stringify(step.args), 160)}`),
    steps.length === 0 ? 'It only advises.' : `Level here: ${level}, at most ${ceiling}`,
    stats.ran === 0
      ? 'Never run here.'
      : `Ran ${stats.ran}: ${stats.succeeded} verified, ${stats.failed} failed, last ${stats.last?.slice(0, 10) ?? ''}`,
    '',
    cut(
      runbook.prose
        .replace(/^#+\s*/gm, '')
        .replace(/[`*_]{1,3}/g, '')
        .trim(),
      PROSE,
    ),
  ]
  return { text: cut(lines.join('\n').trim(), 3_800) }
}
