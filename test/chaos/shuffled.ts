/** The same things in any order; the same order each time for the same seed. */
export function shuffled<T>(things: readonly T[], seed = 1): T[] {
  const random = lcg(seed)
  return things
    .map((thing) => ({ thing, at: random() }))
    .sort((a, b) => a.at - b.at)
    .map(({ thing }) => thing)
}

/** Numbers from 0 to 1 that look random; a linear congruential generator is plenty for shuffling. */
function lcg(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 32
  }
}
