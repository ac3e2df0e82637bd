import type { ButtonSpec } from '../../domain/card.ts'
import type {
  Cause,
  Claim,
  Conclusion,
  FailedReport,
  InvestigationView,
  KeptReport,
  ProposedPlan,
} from '../../domain/investigation.ts'
import type { IncidentView } from '../../domain/view.ts'
import { name, prose } from './clean.ts'
import type { Line } from './lines.ts'
import { personName } from './people.ts'
import type { CardState } from './state.ts'
import * as say from './words.ts'

/** What a model found, with where it can be seen. All of it is text of a model: plain, bounded, and no part of a plan. */
export function diagnosisLines(view: IncidentView): Line[] {
  const [newest, earlier] = ended(view)
  return [...(newest ? foundLines(newest, view) : []), ...comparedLine(newest, earlier), ...lookingLine(view)]
}

/** Which model said it, what it cost, and why it was asked: `qwen3:8b (local) · $0.00`. */
export function modelFooter(view: IncidentView): string {
  const reports = ended(view).flatMap(({ report }) => (report && !('failed' in report) ? [report] : []))
  const [newest] = reports
  if (!newest) return isLooking(view) ? say.modelWords.looking : say.modelWords.none
  if (newest.models.length === 0) return say.modelWords.none
  const cost = reports.reduce((sum, { microUsd }) => sum + microUsd, 0)
  const told = newest.models.slice(0, 2).map(({ model, place, reason, because }) => {
    if (place === 'local') return `${name(model)} (local)`
    const [why = ''] = because.split(':')
    return reason === 'mode' ? name(model) : `${name(model)}, because ${inMidSentence(prose(why, 70))}`
  })
  return `${told.join(', then ')} · ${say.dollarWords(cost)}`
}

/** `It cited what is not there.` after a `because`. */
function inMidSentence(text: string): string {
  return text.replace(/\.$/, '').replace(/^(?:It|Its|The|There|A|An|No)\b/, (first) => first.toLowerCase())
}

/** A button for each cause that something is proposed for, but the one that the plan in sight is for. */
export function causeButtons(view: IncidentView, state: CardState): ButtonSpec[] {
  const [newest] = ended(view)
  const causes = conclusionOf(newest)?.causes ?? []
  if (!newest || view.incident.status === 'closed' || (state === 'asked' && causes.length < 2)) return []
  const chosen = view.plan?.body.proposal
  return causes.flatMap(({ title, plan }, cause): ButtonSpec[] => {
    const isChosen = chosen?.investigation === newest.id && chosen.cause === cause
    if (!plan || isChosen) return []
    const label = say.chooseWords(causes.length > 1 ? prose(title, 34) : '')
    return [{ verb: 'choose', subject: newest.id, label, params: { cause } }]
  })
}

/** Whether the cloud may be asked now: nothing is under way, and it is not over. */
export function maybeAskCloud(view: IncidentView): ButtonSpec[] {
  if (!view.askCloud || view.incident.status === 'closed' || isLooking(view)) return []
  return [{ verb: 'ask_cloud', subject: '', label: say.buttonWords.askCloud }]
}

/** All that was said, for Details and the console. */
export function diagnosisDetails(view: IncidentView): string[] {
  return ended(view).flatMap(({ askedBy, report, round }) => {
    if (!report || 'failed' in report) return report ? [prose(report.failed, 200)] : []
    const { conclusion, models, unsupported, refused, looks, tokens } = report
    const who = models.map(({ model, because }) => `${name(model)} (${prose(because, 100)})`).join(', then ')
    const head = `Looked deeper, round ${round}, for ${personName(askedBy)}: ${who || 'no model'} · ${say.count(looks, 'look')}, ${say.count(tokens, 'token')}`
    return [
      head,
      ...(conclusion ? [`In its own words: ${prose(conclusion.summary, 400)}`] : [say.endedWords[report.ending]]),
      ...(conclusion?.causes ?? []).flatMap((cause, index) => causeDetails(cause, index, report)),
      ...(conclusion?.claims ?? []).map((claim) => `Shown: ${claimWords(claim, report, 300)}`),
      ...(conclusion && conclusion.next !== '' ? [`Next: ${prose(conclusion.next, 300)}`] : []),
      ...(unsupported > 0 ? [say.droppedWords(unsupported)] : []),
      ...refused.slice(0, 6).map(({ tool, because }) => `Refused ${name(tool)}: ${prose(because, 160)}`),
      ...report.degraded.slice(0, 3).map((text) => prose(text, 200)),
    ]
  })
}

function causeDetails({ title, claims, confidence, plan }: Cause, index: number, report: KeptReport): string[] {
  return [
    `Cause ${index + 1}: ${prose(title, 200)} (its own estimate: ${Math.round(confidence * 100)} %)`,
    ...claims.map((claim) => `  ${claimWords(claim, report, 300)}`),
    ...(plan ? [`  Proposed: ${planWords(plan)}`] : []),
  ]
}

function foundLines({ report, id }: InvestigationView, view: IncidentView): Line[] {
  if (!report) return []
  if ('failed' in report) return [{ label: say.labels.diagnosis, text: prose(report.failed, 160), keep: true }]
  const { conclusion, ending } = report
  if (!conclusion) return [{ label: say.labels.diagnosis, text: endWords(report), keep: true }]
  const proposal = view.plan?.body.proposal
  const aim = proposal?.investigation === id ? conclusion.causes[proposal.cause] : undefined
  return [
    ...(aim ? causeLines(aim, report) : conclusionLines(conclusion, report, view.plan === null)),
    { label: say.labels.unsure, text: aim || conclusion.causes.length > 0 ? prose(conclusion.next, 160) : '' },
    { text: report.unsupported > 0 ? say.droppedWords(report.unsupported) : '' },
    {
      label: say.labels.note,
      text: [...(ending === 'concluded' ? [] : [say.endedWords[ending]]), ...report.degraded.slice(0, 1)]
        .map((text) => prose(text, 160))
        .join(' '),
    },
  ]
}

function conclusionLines(conclusion: Conclusion, report: KeptReport, unplanned: boolean): Line[] {
  const { finding, causes, claims, next } = conclusion
  const label = say.labels.diagnosis
  switch (finding) {
    case 'cause_found': {
      const [cause] = causes
      if (!cause) return []
      const plan = cause.plan && unplanned ? planWords(cause.plan) : ''
      return [...causeLines(cause, report), { label: say.labels.could, text: plan }]
    }
    case 'unclear':
      return causes.map((cause, index) => ({
        label: say.causeLabel(index),
        text: `${prose(cause.title, 90)}: ${cause.claims.slice(0, 1).map((claim) => claimWords(claim, report, 110))}`,
        keep: true as const,
      }))
    case 'no_data':
      return [
        { label, text: say.sentences.noData, keep: true },
        { label: say.labels.next, text: prose(next, 160) },
      ]
    case 'not_a_problem':
      return [
        { label, text: say.sentences.notAProblem, keep: true },
        { label: say.labels.why, text: shownBy(claims, report) },
      ]
  }
}

function causeLines({ title, claims }: Cause, report: KeptReport): Line[] {
  return [
    { label: say.labels.cause, text: prose(title, 140), keep: true },
    { label: say.labels.why, text: shownBy(claims, report) },
  ]
}

function shownBy(claims: readonly Claim[], report: KeptReport): string {
  return claims
    .slice(0, 3)
    .map((claim) => claimWords(claim, report, 120))
    .join(' · ')
}

/** A claim and where it can be seen: `It was killed for its memory (kubernetes.describe)`. */
function claimWords({ text, cites }: Claim, { evidence }: KeptReport, longest: number): string {
  const [cite] = cites
  const source = evidence.find(({ id }) => id === cite?.evidence)?.source
  const said = prose(text, longest).replace(/\.$/, '')
  return source === undefined ? said : `${said} (${sourceWords(source)})`
}

/** `tool kubernetes.logs {…}` is told as `kubernetes.logs`, `check:oom/peak, …` as `check:oom/peak`. */
function sourceWords(source: string): string {
  const [first = '', second = ''] = source.split(/[\s,]+/)
  return prose(['tool', 'runbook'].includes(first) ? second : first, 60)
}

function planWords(plan: ProposedPlan): string {
  if (plan.kind === 'runbook') return say.runbookWords(name(plan.runbook))
  return plan.actions.map(({ tool, why }) => `${name(tool)}, ${prose(why, 80).replace(/\.$/, '')}`).join('; ')
}

/** What the later answer changed, where a person asked again. */
function comparedLine(newest: InvestigationView | undefined, earlier: InvestigationView | undefined): Line[] {
  const [now, before] = [conclusionOf(newest), conclusionOf(earlier)]
  if (!newest || newest.askedBy === 'agent' || !now || !before) return []
  const [then, since] = [answerOf(before), answerOf(now)]
  return [{ label: say.labels.compared, text: then === since ? say.sentences.sameAnswer : say.otherAnswerWords(then) }]
}

function answerOf({ finding, causes }: Conclusion): string {
  const told = causes.map(({ title }) => prose(title, 70)).join(', or ')
  if (told !== '') return told
  return finding === 'not_a_problem' ? say.sentences.notAProblem : say.sentences.noData
}

function lookingLine(view: IncidentView): Line[] {
  const under = view.investigations.find(({ status }) => status !== 'done')
  return under ? [{ text: say.lookingDeeperWords(prose(under.progress ?? '', 80)) }] : []
}

function endWords({ ending, degraded }: KeptReport): string {
  return prose([say.endedWords[ending], ...degraded.slice(0, 1)].join(' '), 240)
}

function isLooking({ investigations }: IncidentView): boolean {
  return investigations.some(({ status }) => status !== 'done')
}

/** The newest first; those that were broken off say nothing. */
function ended({ investigations }: IncidentView): InvestigationView[] {
  return investigations.filter(({ status, report }) => status === 'done' && report !== null && !isCancelled(report))
}

function isCancelled(report: KeptReport | FailedReport): boolean {
  return !('failed' in report) && report.ending === 'cancelled'
}

function conclusionOf(one: InvestigationView | undefined): Conclusion | undefined {
  return one?.report && !('failed' in one.report) ? one.report.conclusion : undefined
}
