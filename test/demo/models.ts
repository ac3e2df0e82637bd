import { startAnthropic } from '../simulators/anthropic/server.ts'
import type { Script, SeenRequest } from '../simulators/model-faults.ts'
import { startOllama } from '../simulators/ollama/server.ts'
import { answers, concludes, looks, takesTurns } from '../support/model-scripts.ts'

/** A sentence, and the words that show it in the evidence whose source begins so. */
export interface Shown {
  text: string
  from: string
  quote: string
}

/** What the simulated models of a story look at and say of it. */
export interface ModelStory {
  look: { tool: string; args: Record<string, string | number> }
  /** The local model jumps to this, and quotes what nobody said. */
  wrong: { cause: string; quote: string }
  right: { cause: string; shown: Shown; next: string }
  /** What a person asks afterwards, and what is answered. */
  question: string
  answer: readonly Shown[]
}

export interface SimulatedModels {
  /** The environment in which the agent finds them. */
  env: Record<string, string>
  stop(): Promise<void>
}

/**
 * A local model that looks and then guesses, and one in the cloud that is asked because of that. Questions are answered by the
 * local one, from what it looks at.
 */
export async function startModels({ look, wrong, right, answer }: ModelStory): Promise<SimulatedModels> {
  const first = looks(look.tool, look.args)
  const guess = concludes({ causes: [{ title: wrong.cause, from: `tool ${look.tool}`, quote: wrong.quote }] })
  const { text: claim, from, quote } = right.shown
  const known = concludes({ causes: [{ title: right.cause, claim, from, quote }], next: right.next })
  const told = answers(answer)
  const asked = ({ text }: SeenRequest) => text.includes('<question>')
  const local: Script = (seen) => (asked(seen) ? told : takesTurns(first, guess))(seen)
  const ollama = await startOllama({ script: local })
  const cloud = await startAnthropic({ script: (seen) => (asked(seen) ? told : known)(seen) })
  return {
    env: {
      OLLAMA_HOST: ollama.url,
      OLLAMA_MODEL: 'qwen3:8b',
      ANTHROPIC_API_KEY: 'a-key-for-the-demo',
      ANTHROPIC_BASE_URL: cloud.url,
    },
    async stop() {
      await Promise.all([ollama.stop(), cloud.stop()])
    },
  }
}
