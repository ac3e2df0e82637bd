import { UpstreamError } from '../domain/errors.ts'

export type GroupCommitOptions<Item, Result> = {
  /** Commits a group in one transaction; answers in the order of the items. */
  commit(items: readonly Item[]): Promise<Result[]>
  /** Commits one item whose group failed; it may spend more effort than `commit`. */
  commitAlone(item: Item): Promise<Result>
  /** Whether a failure says nothing about the items, so that trying them one by one is useless. */
  isOutage(error: unknown): boolean
  weigh(item: Item): number
  /** Weight of one group; a single item may be heavier. */
  maxGroup: number
  /** Weight that may wait; beyond it new items are refused at once. */
  maxWaiting: number
  /** Milliseconds after which a caller is told to come back. What is under way then may still be committed. */
  deadlineMs: number
  /** Milliseconds after which a commit that never answered no longer holds up the next one. */
  abandonMs: number
}

type Waiting<Item, Result> = {
  item: Item
  weight: number
  resolve(result: Result): void
  reject(error: unknown): void
  timer: NodeJS.Timeout | undefined
}

/** Commits that hang at once before everything waits for the database to answer one of them. */
const MAX_ABANDONED = 3

/**
 * Lets callers that come at the same time share one transaction: while one group commits, the next gathers. Each caller's
 * promise settles only after its own commit. A group that fails is tried again item by item, so one bad item fails alone.
 */
export function groupCommit<Item, Result>(options: GroupCommitOptions<Item, Result>): (item: Item) => Promise<Result> {
  const waiting: Waiting<Item, Result>[] = []
  let waitingWeight = 0
  let busy = false
  let abandoned = 0

  function next(): void {
    if (busy || waiting.length === 0 || abandoned > MAX_ABANDONED) return
    busy = true
    const group = takeGroup()
    let released = false
    const release = () => {
      if (released) return false
      released = true
      busy = false
      next()
      return true
    }
    const patience = setTimeout(() => {
      abandoned++
      release()
    }, options.abandonMs)
    commitGroup(group).then((answer) => {
      clearTimeout(patience)
      if (!release()) {
        abandoned--
        next()
      }
      // The database has the next group before the callers of this one are answered, which takes as long as it needs to begin.
      setImmediate(setImmediate, answer)
    })
  }

  function takeGroup(): Waiting<Item, Result>[] {
    let count = 0
    let weight = 0
    for (const { weight: more } of waiting) {
      if (count > 0 && weight + more > options.maxGroup) break
      weight += more
      count++
    }
    waitingWeight -= weight
    return waiting.splice(0, count)
  }

  /** Never rejects: every failure is handed to the callers it concerns, by what this answers or before. */
  async function commitGroup(group: readonly Waiting<Item, Result>[]): Promise<() => void> {
    try {
      const results = await options.commit(group.map(({ item }) => item))
      return () => {
        for (const [index, result] of results.entries()) group[index]?.resolve(result)
      }
    } catch (error) {
      if (options.isOutage(error))
        return () => {
          for (const { reject } of group) reject(error)
        }
      for (const { item, resolve, reject } of group) await options.commitAlone(item).then(resolve, reject)
      return () => {}
    }
  }

  return (item) =>
    new Promise<Result>((resolve, reject) => {
      const weight = options.weigh(item)
      if (waiting.length > 0 && waitingWeight + weight > options.maxWaiting) return reject(overloaded())
      const entry: Waiting<Item, Result> = {
        item,
        weight,
        timer: undefined,
        resolve(result) {
          clearTimeout(entry.timer)
          resolve(result)
        },
        reject(error) {
          clearTimeout(entry.timer)
          reject(error)
        },
      }
      entry.timer = setTimeout(() => {
        const at = waiting.indexOf(entry)
        if (at >= 0) {
          waiting.splice(at, 1)
          waitingWeight -= weight
        }
        reject(tooSlow())
      }, options.deadlineMs)
      waiting.push(entry)
      waitingWeight += weight
      // After this turn of the event loop, so that requests read in one go share a group.
      if (!busy) setImmediate(next)
    })
}

function overloaded(): UpstreamError {
  return new UpstreamError('More alerts are waiting than the database takes in.', {
    vendor: 'Postgres',
    retryable: true,
  })
}

function tooSlow(): UpstreamError {
  return new UpstreamError('The database did not commit in time.', { vendor: 'Postgres', retryable: true })
}
