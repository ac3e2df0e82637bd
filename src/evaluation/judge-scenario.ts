import type { Report } from '../investigation/report.ts'
import type { Scenario } from './scenario.ts'

/** What one scenario came to, as it is judged. */
export interface Played {
  report: Report
  /** A runbook's id, or `none`. */
  action: string
  /** Why the cloud was asked, where the local model was not enough; undefined: it was not. */
  escalated: string | undefined
  /** Turns of the scripts that nobody asked for. */
  left: number
}

/** Share of a prose line's telling words that a report must have. */
const ENOUGH = 0.5

/**
 * What is wrong with it, each in a sentence; nothing where it passed. `machinery` also judges what code did with the script.
 * Pure.
 */
export function judgeScenario(
  { expect, machinery }: Scenario,
  played: Played,
  { withMachinery }: { withMachinery: boolean },
): string[] {
  const { report, action } = played
  const finding = report.conclusion?.finding
  const said = textOf(report)
  const wrong: string[] = []
  if (expect.findings.length > 0 && (finding === undefined || !expect.findings.includes(finding)))
    wrong.push(`It found ${finding ?? `nothing (${report.ending})`}, and right is ${expect.findings.join(' or ')}.`)
  for (const words of expect.words)
    if (!words.some((word) => said.includes(word.toLowerCase())))
      wrong.push(`It does not say "${words.join('" or "')}".`)
  for (const word of expect.never)
    if (said.includes(word.toLowerCase())) wrong.push(`It says "${word}", which is not so.`)
  const cited = citedTools(report)
  for (const tool of expect.cites) if (!cited.has(tool)) wrong.push(`It does not cite ${tool}.`)
  if (expect.action !== undefined && action !== expect.action)
    wrong.push(`The action would be ${action}, and right is ${expect.action}.`)
  for (const line of expect.lines)
    if (shareOf(line, said) < ENOUGH) wrong.push(`It does not say what was expected: ${line.slice(0, 160)}`)
  return withMachinery ? [...wrong, ...judgeMachinery(machinery, played)] : wrong
}

function judgeMachinery(machinery: Scenario['machinery'], { report, escalated, left }: Played): string[] {
  const wrong: string[] = []
  const { ending = 'concluded', unsupported = 0, refused = [], escalated: reason = 'none' } = machinery
  if (report.ending !== ending) wrong.push(`It ended with ${report.ending}, and should with ${ending}.`)
  if (report.unsupported !== unsupported)
    wrong.push(`${report.unsupported} claims were dropped, and ${unsupported} should be.`)
  const tools = report.refused.map(({ tool }) => tool)
  if (tools.join() !== refused.join())
    wrong.push(`Refused were ${tools.join(', ') || 'no calls'}, and should be ${refused.join(', ') || 'none'}.`)
  if ((escalated ?? 'none') !== reason) wrong.push(`It escalated for ${escalated ?? 'none'}, and should for ${reason}.`)
  if (left > 0) wrong.push(`${left} turns of the script were never asked for.`)
  return wrong
}

/** Everything a person would read of it, in lower case. */
function textOf({ conclusion }: Report): string {
  if (!conclusion) return ''
  const { summary, causes, claims, next } = conclusion
  const all = [
    ...causes.flatMap((cause) => [cause.title, ...cause.claims.map(({ text }) => text)]),
    ...claims.map(({ text }) => text),
  ]
  return [summary, ...all, next].join('\n').toLowerCase()
}

function citedTools({ conclusion, evidence }: Report): Set<string> {
  const claims = [...(conclusion?.causes.flatMap((cause) => cause.claims) ?? []), ...(conclusion?.claims ?? [])]
  const ids = new Set(claims.flatMap(({ cites }) => cites.map((cite) => cite.evidence)))
  const sources = evidence.filter(({ id }) => ids.has(id)).map(({ source }) => source)
  return new Set(sources.map((source) => /^tool (\S+)/.exec(source)?.[1] ?? source))
}

const DULL = new Set(
  'this that there with from which have must mention because either should would could about into'.split(' '),
)

/** How many of the telling words of a line are said; those of three letters and less, and the usual ones, tell nothing. */
function shareOf(line: string, said: string): number {
  const words = [...line.toLowerCase().matchAll(/[a-z0-9][a-z0-9._/-]{3,}/g)].map(([word]) => word)
  const telling = [...new Set(words)].filter((word) => !DULL.has(word))
  if (telling.length === 0) return 1
  return telling.filter((word) => said.includes(word)).length / telling.length
}
