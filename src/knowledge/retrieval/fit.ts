import type { Figures } from '../index/knowledge-index.ts'

/**
 * A logistic model of whether the best page is about the query at all. Made by test/bench/calibrate.ts from every second pair
 * of the queries of a corpus of public runbooks, those with the alert's name and those without it alike; the other half
 * is what its quality is measured on.
 */
const MODEL = { score: -2.44, asked: 9.33, title: 9.1, constant: -1.14 }

/** From here on a page counts as fitting. */
export const FITS_FROM = 0.5

/** How likely it is that a page with these figures is about the query: 0 to 1. A page that bears the alert's name is. */
export function likelihood({ score, asked, title }: Figures, named = false): number {
  if (named) return 1
  const sum = MODEL.score * Math.log1p(score) + MODEL.asked * asked + MODEL.title * title + MODEL.constant
  return 1 / (1 + Math.exp(-sum))
}
