import type { InferenceConfig } from '../config.ts'
import type { Observe } from '../domain/observe.ts'
import type { CallBook } from './call-book.ts'
import { cutter } from './redaction/cutter.ts'
import { type Redactor, redactor } from './redaction/redactor.ts'
import { type Router, router } from './router.ts'
import type { Mode } from './routing.ts'

export interface InferenceDeps {
  calls: CallBook
  /** Of this installation, 32 bytes: placeholders are made with it. */
  placeholderKey: Uint8Array
  /** Names of people, which are placeholders for the cloud like the words people list. */
  people: readonly string[]
  /** What is in force now; the configuration's mode unless told. */
  mode?: () => Mode
  now: () => number
  observe?: Observe
}

export interface Inference {
  router: Router
  redactor: Redactor
  close(): Promise<void>
}

/**
 * The models of this installation behind one router, and the redactor that stands before everything that leaves. The library
 * of a model is loaded where that model is configured: it weighs as much as a third of the agent's own rooms.
 */
export async function openInference(config: InferenceConfig, deps: InferenceDeps): Promise<Inference> {
  const cutting = cutter()
  const words = [...config.redactWords, ...deps.people]
  const redacting = redactor({ cutter: cutting, key: deps.placeholderKey, words })
  return {
    redactor: redacting,
    router: router({
      local: config.ollama && (await import('./ollama-model.ts')).ollamaModel(config.ollama),
      cloud: config.claude && (await import('./claude-model.ts')).claudeModel(config.claude),
      mode: deps.mode ?? (() => config.mode),
      escalateOn: config.escalateOn,
      calls: deps.calls,
      redactor: redacting,
      prices: config.prices,
      localSlots: config.ollama?.parallel ?? 1,
      localMs: config.ollama?.deadlineMs ?? 0,
      cloudMs: config.claude?.deadlineMs ?? 0,
      now: deps.now,
      ...(deps.observe && { observe: deps.observe }),
    }),
    close: () => cutting.close(),
  }
}
