/** What this process remembers of a change it began: the tasks that were there before it, and the one it was answered. */
export type Begun = { guest: number; types: readonly string[]; before: readonly string[]; upid?: string }

/** The changes of this process by effect id. A help for probes: what is not in it may still have happened. */
export type Journal = {
  note(effect: string, begun: Begun): void
  find(effect: string): Begun | undefined
}

/** Keeps the last `kept` changes. */
export function createJournal(kept = 500): Journal {
  const entries = new Map<string, Begun>()
  return {
    note(effect, begun) {
      entries.delete(effect)
      entries.set(effect, begun)
      const oldest = entries.keys().next().value
      if (entries.size > kept && oldest !== undefined) entries.delete(oldest)
    },
    find: (effect) => entries.get(effect),
  }
}
