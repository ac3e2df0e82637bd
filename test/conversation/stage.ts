import { setTimeout as wait } from 'node:timers/promises'
import type { Script, ScriptedTurn, SeenRequest } from '../simulators/model-faults.ts'
import { type SimulatedOllama, startOllama } from '../simulators/ollama/server.ts'
import { type SimulatedTelegram, startTelegram } from '../simulators/telegram/server.ts'
import type { Say, SimulatedMessage } from '../simulators/telegram/types.ts'
import { alice, anna, bob, startWatch, viewer, type Watch, type WatchOptions } from '../support/watch.ts'

/** The people of the watch, on their phones. */
export const phones = {
  alice: { id: alice.telegramId ?? 0, first_name: 'Alice' },
  bob: { id: bob.telegramId ?? 0, first_name: 'Bob' },
  anna: { id: anna.telegramId ?? 0, first_name: 'Anna' },
  vera: { id: viewer.telegramId ?? 0, first_name: 'Vera' },
  /** Calls himself like one who is listed. */
  mallory: { id: 6666, first_name: 'Alice', username: 'alice' },
}

export interface Stage {
  watch: Watch
  telegram: SimulatedTelegram
  ollama: SimulatedOllama | undefined
  /** Waits for the card of the incident with a button that says so. */
  card(button: string): Promise<SimulatedMessage>
  /** Says something, and waits for the answer to it that says so. */
  answer(say: Say, text: string | RegExp): Promise<SimulatedMessage>
  /** Waits until something holds; the work of the agent goes on meanwhile. */
  soon<T>(look: () => Promise<T | undefined | false>): Promise<T>
  stop(): Promise<void>
}

export interface StageOptions extends WatchOptions {
  /** What the local model answers; without it there is none. */
  script?: Script
}

/** The real agent with a chat, a cluster and a model that exist only here. */
export async function startStage({ script, ...options }: StageOptions = {}): Promise<Stage> {
  const telegram = await startTelegram()
  const ollama = script && (await startOllama({ script }))
  const watch = await startWatch({
    ...options,
    env: {
      TELEGRAM_BOT_TOKEN: telegram.token,
      TELEGRAM_CHAT_ID: String(telegram.chatId),
      TELEGRAM_API_ROOT: telegram.url,
      TELEGRAM_RATE_PER_MINUTE: '0',
      // What the agent looks into by itself is another matter.
      INVESTIGATE: 'asked',
      ...(ollama && { OLLAMA_HOST: ollama.url, OLLAMA_MODEL: 'qwen3:8b' }),
      ...options.env,
    },
  })
  return {
    watch,
    telegram,
    ollama,
    card: (button) =>
      telegram.waitFor(
        ({ messages }) =>
          messages.findLast(({ keyboard }) => keyboard.flat().some(({ text }) => text.includes(button))),
        { timeoutMs: 15_000, for: `a card with ${button}` },
      ),
    async answer(say, text) {
      const { message_id: id } = await telegram.say(say)
      return await telegram.waitFor(
        ({ messages }) =>
          messages.find(
            ({ reply_to: to, text: said }) =>
              to === id && (typeof text === 'string' ? said.includes(text) : text.test(said)),
          ),
        { timeoutMs: 15_000, for: `an answer with ${text}` },
      )
    },
    async soon(look) {
      const deadline = performance.now() + 15_000
      for (;;) {
        const found = await look()
        if (found) return found
        if (performance.now() > deadline) throw new Error(`it did not come to that: ${watch.complaints().join(' | ')}`)
        await wait(20)
      }
    },
    async stop() {
      await watch.stop()
      await ollama?.stop()
      await telegram.stop()
    },
  }
}

/** The id of the newest evidence whose source has this in it. */
export function evidenceOf({ text }: SeenRequest, source: string): string {
  const found = [...text.matchAll(/<evidence id="(e\d+)" source="([^"]*)">/g)].filter(([, , of = '']) =>
    of.includes(source),
  )
  return found.at(-1)?.[1] ?? 'e0'
}

export function answering(
  claims: { text: string; evidence: string; quote: string }[],
  more: Record<string, unknown> = {},
): ScriptedTurn {
  const said = claims.map(({ text, evidence, quote }) => ({ text, cites: [{ evidence, quote }] }))
  return { tool: 'answer', args: { kind: 'answered', claims: said, unknown: '', plan: null, ...more } }
}
