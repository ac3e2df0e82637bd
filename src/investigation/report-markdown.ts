import type { JsonObject } from '../domain/json.ts'
import { inDollars } from '../inference/prices.ts'
import { fenced, inline } from './markdown-text.ts'
import type { ClusterReport, NamedReport } from './named.ts'
import type { Claim, Evidence, Finding, ProposedPlan, Report } from './report.ts'

const FOUND: Record<Finding, string> = {
  cause_found: 'A cause was found.',
  unclear: 'It is not clear; these explain it.',
  no_data: 'What could be seen does not say.',
  not_a_problem: 'Nothing is wrong here.',
}

const ENDED: Record<Report['ending'], string> = {
  concluded: '',
  limit: 'It looked as often as it may, and ended with what there was.',
  deadline: 'Its time was over before it could conclude.',
  no_model: 'No model could be asked.',
  cancelled: 'It was cancelled.',
}

const CAME: Record<ClusterReport['checks'][number]['came'], string> = {
  holds: '✔',
  'does not hold': '✖',
  answered: '·',
  'no answer': '?',
  'not run': '–',
}

/** A named investigation as a page of Markdown. Pure; whatever stands in evidence stays text. Cut secrets before. */
export function namedMarkdown(named: NamedReport): string {
  const { request, title, startedAt, endedAt, partial, modelUsed, clusters } = named
  const minutes = Math.max(1, Math.round((endedAt - startedAt) / 60_000))
  const facts = [
    new Date(startedAt).toISOString().slice(0, 16).replace('T', ' ').concat(' UTC'),
    `${minutes} of ${request.minutes} min`,
    clusters.map(({ cluster }) => inline(cluster)).join(', '),
    ...(request.runbook === undefined ? [] : [`runbook ${inline(request.runbook)}`]),
  ]
  return page([
    `# ${inline(title)}`,
    facts.join(' · '),
    ...(request.question === undefined ? [] : [`Asked: ${inline(request.question, 1_000)}`]),
    ...(partial ? ['**Partial: the time was over before all was seen.** What is below was seen until then.'] : []),
    ...(modelUsed ? [] : ['No model was used: this is what was looked at, without a judgement of it.']),
    'It only looked. Nothing was changed.',
    ...clusters.flatMap((cluster) => clusterBlocks(cluster, clusters.length > 1)),
  ])
}

/** One investigation as a page of Markdown. Pure. */
export function reportMarkdown(title: string, report: Report): string {
  return page([`# ${inline(title)}`, ...reportBlocks(report, '##'), ...evidenceBlocks(report.evidence, '##')])
}

function clusterBlocks({ cluster, state, checks, evidence, report }: ClusterReport, several: boolean): string[] {
  const head = several ? [`## ${inline(cluster)}`] : []
  if (state === 'not_reached') return [...(several ? head : []), 'No time was left for it.']
  const made = checks.map(
    ({ id, shows, came, because }) =>
      `- ${CAME[came]} ${inline(shows ?? id)}: ${came}${because === null ? '' : `. ${inline(because, 300)}`}`,
  )
  return [
    ...head,
    ...(state === 'partial' && several ? ['Partial: its time was over before all was seen.'] : []),
    ...(report ? reportBlocks(report, '###') : []),
    ...(made.length > 0 ? [`### What the runbook checks`, made.join('\n')] : []),
    ...evidenceBlocks(evidence, '###'),
  ]
}

function reportBlocks(report: Report, level: string): string[] {
  const { conclusion, ending } = report
  const foot = footOf(report)
  if (!conclusion) return [`**${ENDED[ending] || 'Nothing was concluded.'}** What was seen stands below.`, foot]
  const { finding, summary, causes, claims, next } = conclusion
  return [
    `**${FOUND[finding]}** ${inline(summary, 1_000)}`,
    ...(ENDED[ending] === '' ? [] : [ENDED[ending]]),
    ...causes.flatMap((cause, i) => [
      `${level} ${causes.length > 1 ? `${i + 1}\\. ` : ''}${inline(cause.title)}`,
      claimList(cause.claims),
      ...(cause.plan ? [planText(cause.plan)] : []),
    ]),
    ...(claims.length > 0 ? [claimList(claims)] : []),
    ...(next === '' ? [] : [`To look at next: ${inline(next, 1_000)}`]),
    foot,
  ]
}

/** What was proposed. Whether anything became of it is not for this page to say. */
function planText(plan: ProposedPlan): string {
  const values = (given: JsonObject) =>
    Object.entries(given).map(([name, value]) => `${inline(name, 63)} = ${inline(JSON.stringify(value), 200)}`)
  if (plan.kind === 'runbook')
    return `Proposed: the runbook ${[inline(plan.runbook, 80), ...values(plan.inputs)].join(', ')}.`
  const steps = plan.actions.map(
    ({ tool, arguments: args, why }, i) =>
      `${i + 1}. ${[inline(tool, 120), ...values(args)].join(', ')}: ${inline(why, 300)}`,
  )
  return `Proposed:\n\n${steps.join('\n')}`
}

function claimList(claims: readonly Claim[]): string {
  const lines = claims.map(
    ({ text, cites }) =>
      `- ${inline(text)}${cites.map(({ evidence, quote }) => ` (${inline(evidence, 20)}: “${inline(quote, 200)}”)`).join('')}`,
  )
  return lines.join('\n')
}

/** Who said it and what it cost; what was dropped and refused is said too. */
function footOf({ models, microUsd, unsupported, refused, degraded, looks }: Report): string {
  const lines = [
    ...models.map(({ model, place, because }) => `${inline(model)} (${place}): ${inline(because, 200)}.`),
    `${looks} looks, ${inDollars(microUsd)}.`,
    ...(unsupported > 0
      ? [
          `${unsupported === 1 ? 'One claim was' : `${unsupported} claims were`} dropped, because no evidence held what was claimed.`,
        ]
      : []),
    ...refused.map(({ tool, because }) => `Refused: ${inline(tool, 120)}. ${inline(because, 200)}`),
    ...degraded.map((because) => inline(because, 300)),
  ]
  return lines.map((line) => `- ${line}`).join('\n')
}

function evidenceBlocks(evidence: readonly Evidence[], level: string): string[] {
  if (evidence.length === 0) return ['Nothing could be seen.']
  return [
    `${level} What was seen`,
    ...evidence.flatMap(({ id, source, text }) => [`**${inline(id, 20)}** ${inline(source, 200)}`, fenced(text)]),
  ]
}

function page(blocks: readonly string[]): string {
  return `${blocks.filter((block) => block !== '').join('\n\n')}\n`
}
