import type { Store } from './store.ts'

/** Resolves once the predicate holds. It is asked after every change of the store, and each 25 ms for what is not in there. */
export async function waitUntil(
  store: Store,
  predicate: () => boolean | Promise<boolean>,
  timeoutMs: number,
): Promise<void> {
  const deadline = Date.now() + timeoutMs
  while (!(await predicate())) {
    if (Date.now() > deadline) {
      throw new Error(`the simulated cluster did not get there within ${timeoutMs} ms: ${predicate.toString()}`)
    }
    await nextChange(store)
  }
}

function nextChange(store: Store): Promise<void> {
  return new Promise((resolve) => {
    const unsubscribe = store.subscribe(done)
    const timer = setTimeout(done, 25)
    function done(): void {
      unsubscribe()
      clearTimeout(timer)
      resolve()
    }
  })
}
