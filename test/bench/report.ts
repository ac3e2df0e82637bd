/** A figure's bound, and which side of it is good. */
export type Bound = { atMost: number } | { atLeast: number }

/** Prints what was measured; the last line is JSON where asked. Answers the exit code: 1 where a bound is broken. */
export function report(figures: Record<string, number>, bounds: Record<string, Bound>, json: boolean): number {
  let broken = 0
  for (const [name, value] of Object.entries(figures)) {
    const bound = bounds[name]
    const good = !bound || ('atMost' in bound ? value <= bound.atMost : value >= bound.atLeast)
    if (!good) broken += 1
    const wanted = bound ? ` (${'atMost' in bound ? `at most ${bound.atMost}` : `at least ${bound.atLeast}`})` : ''
    process.stderr.write(`${good ? ' ' : '✖'} ${name} ${value}${wanted}\n`)
  }
  if (json) process.stdout.write(`${JSON.stringify(figures)}\n`)
  return broken === 0 ? 0 : 1
}

/** The value below which `share` (0 to 1) of the samples lie, by the nearest rank. */
export function percentile(samples: readonly number[], share: number): number {
  const sorted = [...samples].sort((a, b) => a - b)
  return Math.round(sorted[Math.min(sorted.length - 1, Math.ceil(share * sorted.length) - 1)] ?? 0)
}
