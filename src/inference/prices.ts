import type { Usage } from './chat-model.ts'

/** US dollars for a million tokens; which is millionths of a dollar for one. */
export interface Price {
  input: number
  output: number
  cacheRead: number
  cacheWrite: number
}

/** Prices by model name. */
export type PriceTable = Readonly<Record<string, Price>>

/** What a call cost, in millionths of a US dollar, rounded up. */
export function costOf(usage: Usage, price: Price): number {
  return Math.ceil(
    usage.inputTokens * price.input +
      usage.outputTokens * price.output +
      usage.cacheReadTokens * price.cacheRead +
      usage.cacheWriteTokens * price.cacheWrite,
  )
}

/** The most that a call can cost: all of it read into the cache, and all that it may write. */
export function mostOf(tokens: { input: number; output: number }, price: Price): number {
  return Math.ceil(tokens.input * Math.max(price.input, price.cacheWrite) + tokens.output * price.output)
}

export function tokensOf({ inputTokens, outputTokens, cacheReadTokens, cacheWriteTokens }: Usage): number {
  return inputTokens + outputTokens + cacheReadTokens + cacheWriteTokens
}

export function inDollars(microUsd: number): string {
  return `$${(microUsd / 1_000_000).toFixed(microUsd < 10_000 ? 4 : 2)}`
}
