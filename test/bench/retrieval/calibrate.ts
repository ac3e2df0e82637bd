import { parseArgs } from 'node:util'
import type { Figures } from '../../../src/knowledge/index/knowledge-index.ts'
import { lexicalIndex } from '../../../src/knowledge/index/lexical-index.ts'
import { queryTerms, type Symptoms } from '../../../src/knowledge/retrieval/symptoms.ts'
import { normalName } from '../../../src/knowledge/retrieval/words.ts'
import { halfOf, nameless, readCorpus, readQuestions } from './corpus.ts'

/**
 * Prints the constants of src/knowledge/retrieval/fit.ts: a logistic regression with a little ridge, fitted by gradient descent on
 * half 1 of the queries and of those that nothing fits, each with and without the alert's name.
 */
function main(): void {
  const options = { corpus: { type: 'string' }, queries: { type: 'string' }, none: { type: 'string' } } as const
  const { corpus, queries, none } = parseArgs({ options }).values
  if (!corpus || !queries || !none) throw new Error('Give --corpus FOLDER, --queries FILE and --none FILE.')
  const index = lexicalIndex()
  for (const page of readCorpus(corpus)) index.put(page.id, page)
  const figures = (symptoms: Symptoms): number[] => {
    const query = queryTerms(symptoms)
    const [best] = [
      ...(symptoms.alertname ? index.named(normalName(symptoms.alertname)) : []),
      ...index.search(query, 1),
    ]
    const none: Figures = { score: 0, asked: 0, title: 0 }
    const { score, asked, title } = best === undefined ? none : index.measure(best, query).figures
    return [Math.log1p(score), asked, title]
  }
  const fitting = halfOf(readQuestions(queries), 1).map(({ symptoms }) => symptoms)
  const unfit = halfOf(readQuestions(none), 1).map(({ symptoms }) => symptoms)
  const rows = [
    ...fitting.map((symptoms) => ({ x: figures(symptoms), y: 1 })),
    ...[...unfit, ...unfit.map(nameless)].map((symptoms) => ({ x: figures(symptoms), y: 0 })),
  ]
  const [score, asked, title, constant] = fitted(rows).map((value) => Math.round(value * 100) / 100)
  process.stdout.write(`${JSON.stringify({ score, asked, title, constant })}\n`)
}

function fitted(rows: readonly { x: number[]; y: number }[]): number[] {
  const width = 3
  const columns = Array.from({ length: width }, (_, j) => rows.map(({ x }) => x[j] ?? 0))
  const means = columns.map((column) => column.reduce((a, b) => a + b, 0) / column.length)
  const spreads = columns.map(
    (column, j) => Math.sqrt(column.reduce((sum, v) => sum + (v - (means[j] ?? 0)) ** 2, 0) / column.length) || 1,
  )
  const scaled = rows.map(({ x, y }) => ({ x: [...x.map((v, j) => (v - (means[j] ?? 0)) / (spreads[j] ?? 1)), 1], y }))
  const weights = [0, 0, 0, 0]
  for (let round = 0; round < 4_000; round++) {
    const slope = [0, 0, 0, 0]
    for (const { x, y } of scaled) {
      const sum = x.reduce((total, v, j) => total + v * (weights[j] ?? 0), 0)
      const wrong = 1 / (1 + Math.exp(-sum)) - y
      for (const [j, v] of x.entries()) slope[j] = (slope[j] ?? 0) + (wrong * v) / scaled.length
    }
    for (const [j, s] of slope.entries())
      weights[j] = (weights[j] ?? 0) - 0.5 * (s + (j < width ? 0.001 * (weights[j] ?? 0) : 0))
  }
  const raw = weights.slice(0, width).map((weight, j) => weight / (spreads[j] ?? 1))
  const constant = (weights[width] ?? 0) - raw.reduce((sum, weight, j) => sum + weight * (means[j] ?? 0), 0)
  return [...raw, constant]
}

main()
