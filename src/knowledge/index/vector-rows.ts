import { vectorKernel } from './vector-kernel.ts'

/** Vectors by the page they belong to, compared one by one. */
export interface VectorRows {
  /** Replaces the vectors of one page; `data` has them one after another. */
  put(id: string, data: Float32Array): void
  remove(id: string): void
  nearest(vector: Float32Array, limit: number): { id: string; cosine: number }[]
}

/** Vectors have 768 numbers, which is what the kernel is made for. */
export function vectorRows(): VectorRows {
  const dimensions = 768
  const kernel = vectorKernel()
  /** By row: the number of its page, or -1 where the row is free. */
  const owners: number[] = []
  const freeRows: number[] = []
  const pages = new Map<string, { number: number; rows: number[] }>()
  const ids: string[] = []
  const freeNumbers: number[] = []
  let best = new Float32Array(1_024)

  function remove(id: string): void {
    const page = pages.get(id)
    if (!page) return
    for (const row of page.rows) owners[row] = -1
    freeRows.push(...page.rows)
    freeNumbers.push(page.number)
    pages.delete(id)
  }

  return {
    put(id, data) {
      remove(id)
      if (data.length === 0) return
      const number = freeNumbers.pop() ?? ids.length
      ids[number] = id
      const rows: number[] = []
      for (let at = 0; at < data.length; at += dimensions) {
        const row = freeRows.pop() ?? owners.length
        owners[row] = number
        rows.push(row)
        kernel.reserve(row + 1)
        // At length 1, so that their product is the cosine.
        kernel.write(row, unit(data.subarray(at, at + dimensions)))
      }
      pages.set(id, { number, rows })
    },
    remove,
    nearest(vector, limit) {
      const cosines = kernel.products(unit(vector), owners.length)
      if (best.length < ids.length) best = new Float32Array(ids.length * 2)
      best.fill(-2)
      for (const [row, owner] of owners.entries()) {
        const cosine = cosines[row] as number
        if (owner >= 0 && cosine > (best[owner] as number)) best[owner] = cosine
      }
      return top(best, ids, limit)
    },
  }
}

function top(best: Float32Array, ids: readonly string[], limit: number): { id: string; cosine: number }[] {
  const found: { id: string; cosine: number }[] = []
  const before = (a: { id: string; cosine: number }, b: { id: string; cosine: number }) =>
    a.cosine > b.cosine || (a.cosine === b.cosine && a.id < b.id)
  for (const [number, id] of ids.entries()) {
    const candidate = { id, cosine: best[number] as number }
    const last = found.at(-1)
    if (candidate.cosine < -1.5 || (found.length === limit && last && !before(candidate, last))) continue
    const at = found.findIndex((other) => before(candidate, other))
    found.splice(at < 0 ? found.length : at, 0, candidate)
    if (found.length > limit) found.pop()
  }
  return found
}

function unit(vector: Float32Array): Float32Array {
  let sum = 0
  for (const value of vector) sum += value * value
  const length = Math.sqrt(sum) || 1
  return vector.map((value) => value / length)
}
