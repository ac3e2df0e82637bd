import { incidentView } from '../chat/incident-view.ts'
import type { Answer } from '../domain/answer.ts'
import type { Conclusion, ProposedPlan } from '../domain/investigation.ts'
import type { IncidentView } from '../domain/view.ts'
import { modeNow, modeWished } from '../inference/mode-setting.ts'
import { type Prompt, readPrompt } from '../inference/prompts.ts'
import type { Investigation } from '../investigation/investigation-rows.ts'
import type { Ended, Investigating, LookInto } from '../investigation/investigation-worker.ts'
import { plannableOf } from '../investigation/plannable.ts'
import { planMisuse, plansText } from '../investigation/plans.ts'
import { readOnlyTools } from '../investigation/read-only-tools.ts'
import { type Found, findAnswer } from './answer-loop.ts'
import { answerByRules } from './by-rules.ts'
import { chooseTools } from './choose-tools.ts'
import { type ConversationDeps, emptyAnswer } from './deps.ts'
import { editPlan } from './editing/edit-plan.ts'
import { KEPT_LOCAL, namesAbout, staysHome } from './home.ts'
import { type Known, knownOfAll, knownOfIncident, pagesFor } from './known.ts'
import { putToGraph, whyNotTaken } from './request.ts'
import { told } from './told.ts'

/** Tools that a model is offered to look with. */
const LOOKING_TOOLS = 18

/**
 * What is asked in free text: a question is answered from what can be seen, a request becomes a proposal that is asked for like
 * every other, and words about a plan become edits of it. Without a model it says what the records say.
 */
export function answerQuestions(deps: ConversationDeps): LookInto {
  const prompt = readPrompt('answer')
  const edit = editPlan(deps, readPrompt('edit'))
  return (asked, run) => (asked.request.plan === null ? answerOne(deps, prompt, asked, run) : edit(asked, run))
}

async function answerOne(
  deps: ConversationDeps,
  prompt: Prompt,
  asked: Investigation,
  run: Investigating,
): Promise<Ended> {
  const { sql, runbooks } = deps
  const text = asked.request.text ?? ''
  const view = asked.incident === null ? undefined : await incidentView(sql, asked.incident, (id) => runbooks().get(id))
  const about = view ? `${view.incident.alertname} ${text}` : text
  const pages = await pagesFor(deps.knowledge, { text: about, incident: asked.incident }, run.signal)
  const all = view ? [] : await knownOfAll({ ...deps, models: deps.router.status(), staysHome: deps.neverLeaves })
  const known = [...(view ? await knownOfIncident(sql, view) : all), ...pages]
  const home = await staysHome(sql, asked.incident, deps.neverLeaves)
  const found = await byModel(deps, prompt, { asked, run, view, known, text, home })
  const spent = { ...emptyAnswer(), ...found.spent }
  if (home && !view && hasCloud(deps)) spent.degraded = [KEPT_LOCAL, ...spent.degraded]
  if (!found.held) {
    const rules = answerByRules({ view, all, pages, timezone: deps.timezone })
    return told(asked, { ...spent, ...rules })
  }
  const { kind, lines, unknown, plan } = found.held
  const notes = unknown === '' ? [] : [`Could not see: ${unknown}`]
  if (kind === 'not_known' && lines.length === 0) notes.unshift('What I could see does not say.')
  const answer: Answer = { ...spent, by: 'model', lines, notes }
  return plan === null ? told(asked, answer) : propose(deps, asked, view, { ...answer, plan })
}

/** A request goes the way of every plan; what is refused here is said, and nothing else happens. */
function propose(
  deps: ConversationDeps,
  asked: Investigation,
  view: IncidentView | undefined,
  answer: Answer & { plan: ProposedPlan },
): Ended {
  const person = deps.people().find(({ name }) => name === asked.askedBy)
  const because = whyNotTaken(person, view?.incident)
  if (because !== undefined || !person || !view)
    return told(asked, { ...answer, plan: null, notes: [...answer.notes, because ?? 'Nothing is proposed.'] })
  const { id } = view.incident
  const notes = [...answer.notes, `I will propose it, and ask on the card of #${id}: ${ideaWords(answer.plan)}`]
  return told(asked, { ...answer, notes }, async (tx) => {
    const late = await putToGraph(tx, deps, {
      incident: id,
      person,
      verb: 'choose',
      params: { subject: asked.id, cause: 0 },
    })
    return late === undefined ? undefined : { ...answer, plan: null, notes: [...answer.notes, late] }
  })
}

function ideaWords(plan: ProposedPlan): string {
  return plan.kind === 'runbook'
    ? `the runbook ${plan.runbook}.`
    : `${plan.actions.map(({ tool, arguments: args }) => `${tool} ${JSON.stringify(args)}`).join(', ')}.`
}

interface Asking {
  asked: Investigation
  run: Investigating
  view: IncidentView | undefined
  known: readonly Known[]
  text: string
  home: boolean
}

async function byModel(deps: ConversationDeps, prompt: Prompt, { asked, run, view, known, text, home }: Asking) {
  const { sql, toolbox, declared, runbooks, router, now } = deps
  const texts = [text, ...known.slice(0, 2).map((one) => one.text)]
  const looking = readOnlyTools(toolbox, { declared })
  const plannable = plannableOf(await toolbox.tools().catch(() => []), runbooks().values(), declared)
  const found: Found = await findAnswer(
    { router, looking, prompt, now },
    {
      incident: asked.incident,
      severity: view?.incident.severity ?? 'none',
      names: await namesAbout(sql, asked.incident),
      staysHome: home,
      text,
      known,
      tools: chooseTools(await looking.tools().catch(() => []), texts, LOOKING_TOOLS),
      menu: plansText(plannable),
      unfit: (plan) => planMisuse(concluding(plan), plannable)[0]?.because,
      mode: async () => modeWished(asked.request.mode, await modeNow(sql, deps.mode, asked.incident)),
      deadlineMs: asked.request.deadlineMs,
      signal: run.signal,
      onProgress: run.progress,
    },
  )
  const { held, ...spent } = found
  return { held, spent }
}

function hasCloud({ router }: ConversationDeps): boolean {
  return router.status().some(({ place }) => place === 'cloud')
}

/** As the cause of a conclusion, which is how plans are judged. */
function concluding(plan: ProposedPlan): Conclusion {
  const cause = { title: '', claims: [], confidence: 0, plan }
  return { finding: 'cause_found', summary: '', causes: [cause], claims: [], next: '' }
}
