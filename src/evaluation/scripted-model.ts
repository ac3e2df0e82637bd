import { type ChatAnswer, type ChatModel, estimateTokens, NO_USAGE } from '../inference/chat-model.ts'
import { ModelError } from '../inference/model-error.ts'
import type { ScriptedTurn } from './scenario.ts'

/** A model that does what its script says, turn by turn; `left` is what it was not asked for. */
export interface ScriptedModel extends ChatModel {
  left(): number
}

/** What a made-up answer is taken to be in tokens. */
const ANSWER_TOKENS = 200

export function scriptedModel(place: ChatModel['place'], turns: readonly ScriptedTurn[]): ScriptedModel {
  let next = 0
  return {
    provider: 'script',
    name: `scripted-${place}`,
    place,
    left: () => Math.max(0, turns.length - next),
    async ask(request): Promise<ChatAnswer> {
      const turn = turns[next]
      next += 1
      if (!turn) throw new ModelError('unreachable', `The script of the ${place} model has ended.`)
      if (turn.kind === 'fails')
        throw new ModelError('unreachable', `The ${place} model does not answer, as its script says.`)
      const usage = { ...NO_USAGE, inputTokens: estimateTokens(request), outputTokens: ANSWER_TOKENS }
      if (turn.kind === 'text') return { text: turn.text, calls: [], ended: 'complete', usage }
      const name = turn.kind === 'look' ? turn.tool : 'conclude'
      return { text: '', calls: [{ id: `call_${next}`, name, args: turn.args }], ended: 'complete', usage }
    },
  }
}
