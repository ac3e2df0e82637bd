import { startAnthropic } from '../simulators/anthropic/server.ts'
import type { Script, SeenRequest } from '../simulators/model-faults.ts'
import { startOllama } from '../simulators/ollama/server.ts'
import { answers, concludes, looks, takesTurns } from '../support/model-scripts.ts'

/** What the simulated models of a story look at and say of it. */
export interface ModelStory {
  look: { tool: string; args: Record<string, string | number> }
  /** The local model jumps to this, and quotes what nobody said. */
  wrong: { cause: string; quote: string }
  /** What the look does show, and the words in it. */
  right: { cause: string; claim: string; quote: string; next: string }
  /** What a person asks afterwards. */
  question: string
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
export async function startModels({ look, wrong, right }: ModelStory): Promise<SimulatedModels> {
  const source = `tool ${look.tool}`
  const first = looks(look.tool, look.args)
  const guess = concludes({ causes: [{ title: wrong.cause, from: source, quote: wrong.quote }] })
  const known = { title: right.cause, claim: right.claim, from: source, quote: right.quote }
  const asked = (seen: SeenRequest) => seen.tools.includes('answer')
  const local: Script = (seen) =>
    takesTurns(first, asked(seen) ? answers([{ text: right.claim, from: source, quote: right.quote }]) : guess)(seen)
  const ollama = await startOllama({ script: local })
  const cloud = await startAnthropic({ script: takesTurns(concludes({ causes: [known], next: right.next })) })
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
