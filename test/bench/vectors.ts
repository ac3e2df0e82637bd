import { parseArgs } from 'node:util'
import { DIMENSIONS, type IndexedPage } from '../../src/knowledge/index/knowledge-index.ts'
import { qdrantIndex } from '../../src/knowledge/index/qdrant-index.ts'
import { vectorScan } from '../../src/knowledge/index/vector-scan.ts'

/**
 * How long the nearest of 100,000 vectors take, and how long the event loop is held meanwhile: exactly, in the thread of the
 * embedded index, and through Qdrant where QDRANT_TEST_URL is set. The vectors are random: nothing is easier to tell apart, and
 * an exact scan takes the same for any.
 */
const QUERIES = 60
const BATCH = 500
const TICK_MS = 2

interface Taken {
  p50_ms: number
  p99_ms: number
}

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: { json: { type: 'boolean' }, vectors: { type: 'string', default: '100000' } },
  })
  const count = Number(values.vectors)
  if (!(count > 0)) throw new Error('--vectors needs a number above 0.')
  const embedded = await scanned(count)
  const qdrant = process.env.QDRANT_TEST_URL ? await throughQdrant(process.env.QDRANT_TEST_URL, count) : null
  const result = { vectors: count, ...embedded, qdrant }
  const broken = [
    embedded.p50_ms > 80 ? `p50_ms ${embedded.p50_ms} is above 80` : '',
    embedded.longest_block_ms > 20 ? `longest_block_ms ${embedded.longest_block_ms} is above 20` : '',
    qdrant && qdrant.p99_ms > 10 ? `Qdrant's p99_ms ${qdrant.p99_ms} is above 10` : '',
  ].filter((text) => text !== '')
  for (const text of broken) process.stderr.write(`✖ ${text}\n`)
  if (!qdrant) process.stderr.write('Qdrant was not measured: QDRANT_TEST_URL is not set.\n')
  process.stdout.write(`${JSON.stringify(result)}\n`)
  return broken.length > 0 ? 1 : 0
}

async function scanned(count: number): Promise<Taken & { longest_block_ms: number }> {
  const scan = await vectorScan()
  const random = numbers(1)
  try {
    for (let at = 0; at < count; at += BATCH) {
      const size = Math.min(BATCH, count - at)
      await scan.put(Array.from({ length: size }, (_, i) => ({ id: `page-${at + i}`, vectors: [vector(random)] })))
    }
    // Until the garbage of making the vectors is gone: it is the bench's, not the index's.
    for (let i = 0; i < 30; i++) await scan.search(vector(random), 10)
    const watch = watchLoop()
    const taken = await timed(() => scan.search(vector(random), 10))
    return { ...taken, longest_block_ms: watch.stop() }
  } finally {
    await scan.close()
  }
}

async function throughQdrant(url: string, count: number): Promise<Taken> {
  const index = qdrantIndex({ url, prefix: 'watchkeeper-bench-', timeoutMs: 120_000 })
  const random = numbers(2)
  async function* pages(): AsyncGenerator<IndexedPage> {
    for (let at = 0; at < count; at++) {
      const id = `page-${at}`
      const chunks = [{ heading: id, text: '' }]
      yield {
        id,
        source: 'bench',
        hash: id,
        title: id,
        file: id,
        headings: [],
        prose: '',
        chunks,
        facts: {},
        vectors: [vector(random)],
      }
    }
  }
  await index.rebuild('documentation', pages())
  const ask = () => index.search('documentation', { terms: new Map(), vector: vector(random), limit: 10 })
  for (let i = 0; i < 10; i++) await ask()
  const taken = await timed(ask)
  await index.rebuild('documentation', (async function* () {})())
  return taken
}

async function timed(ask: () => Promise<unknown>): Promise<Taken> {
  const times: number[] = []
  for (let i = 0; i < QUERIES; i++) {
    const begun = performance.now()
    await ask()
    times.push(performance.now() - begun)
  }
  times.sort((a, b) => a - b)
  const at = (share: number) => tenth(times[Math.ceil(share * times.length) - 1] ?? 0)
  return { p50_ms: at(0.5), p99_ms: at(0.99) }
}

/** How late a timer that is due every 2 ms came at worst: for that long nothing else could run. */
function watchLoop(): { stop(): number } {
  let longest = 0
  let last = performance.now()
  const timer = setInterval(() => {
    const now = performance.now()
    longest = Math.max(longest, now - last - TICK_MS)
    last = now
  }, TICK_MS)
  return {
    stop() {
      clearInterval(timer)
      return tenth(longest)
    },
  }
}

function vector(random: () => number): Float32Array {
  return Float32Array.from({ length: DIMENSIONS }, () => random() - 0.5)
}

/** Mulberry32: the same numbers in every run. */
function numbers(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d_2b_79_f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296
  }
}

function tenth(value: number): number {
  return Math.round(value * 10) / 10
}

process.exitCode = await main()
