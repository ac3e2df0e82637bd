import type { Script, ScriptedTurn, SeenRequest } from '../simulators/model-faults.ts'

/** What a scripted model says of one cause, with the words that show it. */
export interface SaidCause {
  title: string
  /** The source whose evidence shows it, from its beginning: `tool kubernetes.rollout_status`. */
  from: string
  quote: string
  claim?: string
  plan?: SaidPlan
}

export interface SaidPlan {
  runbook?: string
  inputs?: Record<string, string | number>
  actions?: { tool: string; arguments: Record<string, string | number | boolean>; why?: string }[]
}

export interface SaidConclusion {
  finding?: 'cause_found' | 'unclear' | 'no_data' | 'not_a_problem'
  causes?: readonly SaidCause[]
  next?: string
}

/** One look with a tool. */
export function looks(tool: string, args: Record<string, unknown>): (seen: SeenRequest) => ScriptedTurn {
  return () => ({ tool, args })
}

/** The end: with evidence cited by the id that it has in what was asked. */
export function concludes({
  causes = [],
  finding = causes.length > 1 ? 'unclear' : causes.length === 1 ? 'cause_found' : 'no_data',
  next = '',
}: SaidConclusion): (seen: SeenRequest) => ScriptedTurn {
  return ({ text }) => {
    const claimOf = ({ title, claim, from, quote }: SaidCause) => ({
      text: claim ?? title,
      cites: [{ evidence: evidenceFrom(text, from), quote }],
    })
    const shown = causes.map((cause) => ({
      title: cause.title,
      claims: [claimOf(cause)],
      confidence: 0.7,
      plan: cause.plan ? planOf(cause.plan) : null,
    }))
    const fine = finding === 'not_a_problem'
    const args = {
      finding,
      summary: 'So it is.',
      causes: fine ? [] : shown,
      claims: fine ? causes.map(claimOf) : [],
      next,
    }
    return { tool: 'conclude', args }
  }
}

/** The end of a question: each sentence with the words that show it. */
export function answers(said: readonly { text: string; from: string; quote: string }[]) {
  return ({ text: seen }: SeenRequest): ScriptedTurn => {
    const claims = said.map(({ text, from, quote }) => ({
      text,
      cites: [{ evidence: evidenceFrom(seen, from), quote }],
    }))
    return { tool: 'answer', args: { kind: 'answered', claims, unknown: '', plan: null } }
  }
}

/** A model that takes these turns, one for each answer that the conversation has; the last one for ever. */
export function takesTurns(...turns: ((seen: SeenRequest) => ScriptedTurn)[]): Script {
  return (seen) => turns[Math.min(seen.turn, turns.length - 1)]?.(seen)
}

function evidenceFrom(text: string, from: string): string {
  const found = [...text.matchAll(/<evidence id=\\?"(e\d+)\\?" source=\\?"([^"\\>]*)/g)].find(([, , source]) =>
    source?.startsWith(from),
  )
  return found?.[1] ?? 'e0'
}

function planOf({ runbook = '', inputs = {}, actions = [] }: SaidPlan) {
  const values = (all: Record<string, string | number | boolean>) =>
    Object.entries(all).map(([name, value]) => ({ name, value }))
  return {
    runbook,
    inputs: values(inputs),
    actions: actions.map(({ tool, arguments: args, why = 'it helps' }) => ({ tool, arguments: values(args), why })),
  }
}
