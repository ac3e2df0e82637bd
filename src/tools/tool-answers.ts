import type { JsonObject } from '../domain/json.ts'
import { cutText, storable, storableJson } from '../domain/storable.ts'
import type { ToolAnswer } from './toolbox.ts'

/** Text of a result that is kept at most; a server that bounds its answers never reaches it. */
const MAX_RESULT_BYTES = 256 * 1024
/** Levels of an answer at most; whatever reads or writes one goes through it level by level. */
const MAX_DEPTH = 100
/** Characters of an answer in words alone that are kept; docs/runbook-format.md says so. */
const MAX_TEXT = 100_000
const MAX_SUMMARY = 500
/** A server that is set aside may have many tools to name, and what to run stands at the end. */
const MAX_MESSAGE = 4_000
const MAX_CODE = 100

/** What the protocol brings for a call (MCP, tools/call): nothing of it is believed before it was looked at. */
export interface RawAnswer {
  [other: string]: unknown
  content?: unknown
  structuredContent?: unknown
  isError?: unknown
}

interface RawPart {
  text?: unknown
  resource?: { text?: unknown }
}

/**
 * What a server answered, in our words. `foreign`: somebody else's server. What is too large or too deep to keep is a failure of
 * which nobody knows whether its change took place.
 */
export function toAnswer(answer: RawAnswer, { started, foreign }: { started: number; foreign: boolean }): ToolAnswer {
  const tookMs = Date.now() - started
  const content: RawPart[] = Array.isArray(answer.content) ? answer.content : []
  const text = content.flatMap(wordsOf).join('\n')
  const data = (answer.structuredContent ?? {}) as JsonObject
  if (answer.isError === true) {
    const error = (data.error ?? {}) as { code?: unknown; message?: unknown; retryable?: unknown }
    const code = typeof error.code === 'string' ? error.code : 'internal'
    return {
      ok: false,
      code,
      message: typeof error.message === 'string' ? error.message : text || 'The tool failed and did not say why.',
      retryable: error.retryable === true,
      // Our own servers say by the code that nothing was done. What somebody else's means by a word of its own, nobody knows.
      uncertain: foreign || code === 'timeout' || code === 'unreachable' || code === 'internal',
      tookMs,
    }
  }
  if (isDeeper(data, MAX_DEPTH) || JSON.stringify(data).length > MAX_RESULT_BYTES)
    return {
      ok: false,
      code: 'too_large',
      message: 'The answer is too large to keep. Ask for less.',
      retryable: false,
      uncertain: true,
      tookMs,
    }
  const summary = typeof data.summary === 'string' ? data.summary : cutText(text, MAX_SUMMARY)
  return { ok: true, result: answer.structuredContent ? data : { summary, ...asObject(text) }, summary, tookMs }
}

/** Text as it stands, or as a resource that came with it. */
function wordsOf({ text, resource }: RawPart): string[] {
  if (typeof text === 'string') return [text]
  return typeof resource?.text === 'string' ? [resource.text] : []
}

/** Whether there is anything below so many levels; what is deeper is not looked at, so no depth is too much for this. */
function isDeeper(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return false
  return levels === 0 || Object.values(value).some((inner) => isDeeper(inner, levels - 1))
}

/** What a server says that answers in words alone, as an object that conditions can read: `result.text`. */
function asObject(text: string): { text: string; truncated: boolean } {
  return { text: cutText(text, MAX_TEXT), truncated: text.length > MAX_TEXT }
}

/** The answer as it can be kept: no server is trusted to send only what the database takes, nor to be brief when it fails. */
export function kept(answer: ToolAnswer): ToolAnswer {
  if (answer.ok) return { ...answer, result: storableJson(answer.result), summary: storable(answer.summary) }
  const { code, message } = answer
  return { ...answer, code: storable(cutText(code, MAX_CODE)), message: bounded(message) }
}

/** A sentence about a server, as it can be kept and shown. */
export function bounded(message: string): string {
  return storable(cutText(message, MAX_MESSAGE))
}

/** Nothing was sent, or the server has not read it; `started` is when it was asked for, unix ms. */
export function no(code: string, message: string, started: number): ToolAnswer {
  return { ok: false, code, message, retryable: true, uncertain: false, tookMs: Date.now() - started }
}
