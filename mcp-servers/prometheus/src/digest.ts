import { looksSecretName, MASKED, maskText } from '@watchkeeper/mcp-shared'
import type { Series } from './prometheus.ts'

const BARS = '▁▂▃▄▅▆▇█'
const WIDTH = 32

/** What a series did, for a head: ends, extremes, mean, and a line of bars. */
export type Digest = {
  first: number
  last: number
  min: number
  max: number
  mean: number
  samples: number
  sparkline: string
}

/** Undefined where no sample is a number. */
export function digest(samples: Series['samples']): Digest | undefined {
  const values = samples.map(([, value]) => value).filter(Number.isFinite)
  const [first] = values
  const last = values.at(-1)
  if (first === undefined || last === undefined) return undefined
  let min = first
  let max = first
  let sum = 0
  for (const value of values) {
    min = Math.min(min, value)
    max = Math.max(max, value)
    sum += value
  }
  const figures = { first, last, min, max, mean: sum / values.length }
  return { ...rounded(figures), samples: values.length, sparkline: sparkline(values, min, max) }
}

/** At most 32 bars, each the highest of its stretch: a short peak is what people look for. */
function sparkline(values: readonly number[], min: number, max: number): string {
  const width = Math.min(WIDTH, values.length)
  return Array.from({ length: width }, (_, at) => {
    const stretch = values.slice(
      Math.floor((at * values.length) / width),
      Math.floor(((at + 1) * values.length) / width),
    )
    const height = max === min ? 0 : (Math.max(...stretch) - min) / (max - min)
    return BARS[Math.min(BARS.length - 1, Math.floor(height * BARS.length))]
  }).join('')
}

function rounded<T extends Record<string, number>>(figures: T): T {
  return Object.fromEntries(Object.entries(figures).map(([name, value]) => [name, round(value)])) as T
}

/** Four digits that matter. */
export function round(value: number): number {
  return Number.isFinite(value) ? Number(value.toPrecision(4)) : value
}

/** A number as JSON can say it: what is not one becomes text. */
export function said(value: number): number | string {
  if (Number.isFinite(value)) return value
  if (Number.isNaN(value)) return 'NaN'
  return value > 0 ? '+Inf' : '-Inf'
}

/** `up{job="node"}`, as Prometheus writes it. What is secret is cut before the quotes are put: behind escapes it looks like nothing. */
export function seriesName({ __name__: name = '', ...labels }: Readonly<Record<string, string>>): string {
  const pairs = Object.keys(labels)
    .sort()
    .map((label) => `${label}=${JSON.stringify(masked(label, labels[label] ?? ''))}`)
  return pairs.length === 0 && name !== '' ? name : `${name}{${pairs.join(', ')}}`
}

function masked(label: string, value: string): string {
  return looksSecretName(label) && value !== '' ? MASKED : maskText(value)
}
