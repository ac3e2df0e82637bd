import type { Json } from '../domain/json.ts'
import type { Prompt } from '../inference/prompts.ts'
import { type Cut, cutAll } from './cut-json.ts'
import type { InvestigationRecording } from './recording.ts'
import { replay } from './replay.ts'

export interface CuttingDeps {
  cut: Cut
  prompt: Prompt
}

/**
 * The record as it may be kept: with no secret in it, whatever labels, logs, answers or arguments held. What was asked of models
 * is known by its hash alone, so the hashes become those of what is kept. Rejects where the search for secrets does; then the
 * record must not be kept.
 */
export async function withoutSecrets(
  recording: InvestigationRecording,
  deps: CuttingDeps,
): Promise<InvestigationRecording> {
  const { question, looks, turns } = recording
  const answers = turns.flatMap((turn) => turn.answers.map(({ answer }) => answer))
  const kept: Json[] = [
    { ...question.labels },
    { ...question.annotations },
    ...question.known.map(({ text }) => text),
    ...looks.flatMap(({ args, seen }): Json[] => [args as Json, seen as Json]),
    ...answers.flatMap(({ text, calls }): Json[] => [text, ...calls.map(({ args }) => args as Json)]),
    ...turns.flatMap(({ because, degraded, why }): Json[] => [because, degraded, why?.because ?? null]),
  ]
  const clean = await cutAll(kept, deps.cut)
  const changed = clean.filter((value, i) => JSON.stringify(value) !== JSON.stringify(kept[i])).length
  if (changed === 0) return recording
  let next = 0
  const take = <T>(): T => clean[next++] as T
  const cut: InvestigationRecording = {
    ...recording,
    question: {
      ...question,
      labels: take(),
      annotations: take(),
      known: question.known.map((item) => ({ ...item, text: take<string>() })),
    },
    looks: looks.map((look) => ({ ...look, args: take(), seen: take() })),
    turns: [],
    cut: changed,
  }
  const texts = turns.map((turn) => ({
    ...turn,
    answers: turn.answers.map(({ answer, judged }) => ({
      judged,
      answer: {
        ...answer,
        text: take<string>(),
        calls: answer.calls.map((call) => ({ ...call, args: take<typeof call.args>() })),
      },
    })),
  }))
  const whole = texts.map((turn) => ({
    ...turn,
    because: take<string | null>(),
    degraded: take<string | null>(),
    why: whyOf(turn.why, take<string | null>()),
  }))
  return await rehashed({ ...cut, turns: whole }, deps.prompt)
}

function whyOf<T extends { because: string }>(why: T | null, because: string | null): T | null {
  return why && { ...why, because: because ?? '' }
}

/** What each turn would be asked on the record as it is kept. */
async function rehashed(recording: InvestigationRecording, prompt: Prompt): Promise<InvestigationRecording> {
  const { requests } = await replay(recording, { prompt })
  return { ...recording, turns: recording.turns.map((turn, i) => ({ ...turn, request: requests[i] ?? turn.request })) }
}
