import type { Wanted } from './fields.ts'

const PAIR = /(?:(\d{1,2})\.)?([A-Za-z_][\w.-]{0,60})\s*=\s*("[^"\n]{0,300}"|[^\s,;"=]{1,300})/
const ALL = new RegExp(`^\\s*${PAIR.source}(?:[\\s,;]+${PAIR.source})*[\\s,;]*$`)

/** Reads `memory=2Gi, 2.replicas=3`; undefined where the text is anything else, which then is words. */
export function parsePairs(text: string): Wanted[] | undefined {
  if (text.length > 1_000 || !ALL.test(text)) return undefined
  return [...text.matchAll(new RegExp(PAIR, 'g'))].map(([, step, field = '', value = '']) => ({
    step: step === undefined ? null : Number(step),
    field,
    value: value.startsWith('"') ? value.slice(1, -1) : value,
  }))
}
