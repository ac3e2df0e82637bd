/** Of each query, the place of its first right page from 1; infinite where none came. */
export function accuracy(places: readonly number[]): { n: number; r1: number; r5: number; mrr: number } {
  const within = (k: number) => percent(places.filter((place) => place <= k).length / places.length)
  const mrr = places.reduce((sum, place) => sum + 1 / place, 0) / places.length
  return { n: places.length, r1: within(1), r5: within(5), mrr: Math.round(mrr * 1_000) / 1_000 }
}

/** How often one that fits is judged likelier than one that does not; half for a tie. */
export function auc(fitting: readonly number[], others: readonly number[]): number {
  let won = 0
  for (const a of fitting) for (const b of others) won += a > b ? 1 : a === b ? 0.5 : 0
  return Math.round((won / (fitting.length * others.length)) * 1_000) / 1_000
}

function percent(share: number): number {
  return Math.round(share * 1_000) / 10
}
