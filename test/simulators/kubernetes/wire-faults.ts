/** Which request a fault on the wire waits for: the first whose `METHOD /path` matches. */
export interface WireMatch {
  match: RegExp
  /** Dry runs are left alone unless this is true; then only they are met. */
  dryRun?: boolean
  /** How many requests it meets, 1 by default. */
  times?: number
}

export type WireFault =
  | { kind: 'delay'; ms: number }
  /** The request is carried out, and the connection ends before the answer. */
  | { kind: 'drop-answer' }
  /** The request is swallowed: nothing is done and nothing answered until the cluster stops. */
  | { kind: 'hang' }

/** What can be swallowed: an answer that is closed when its client goes. */
interface Closing {
  once(event: 'close', listener: () => void): unknown
}

export interface WireFaults {
  set(fault: WireFault, on: WireMatch): void
  /** The faults that meet this request; each is used up by it. */
  take(call: string, dryRun: boolean): WireFault[]
  /** Those that no request has met wait for none any more. */
  clear(): void
  /** A request was swallowed; it is held until its client gives it up. */
  hold(call: string, response: Closing): void
  /** `METHOD /path` of every request whose client still waits. */
  held(): string[]
}

export function createWireFaults(): WireFaults {
  const held = new Map<Closing, string>()
  let waiting: { fault: WireFault; match: RegExp; dryRun: boolean; left: number }[] = []
  return {
    set(fault, { match, dryRun = false, times = 1 }) {
      waiting.push({ fault, match, dryRun, left: times })
    },
    take(call, dryRun) {
      const met = waiting.filter(
        (one) => one.dryRun === dryRun && new RegExp(one.match.source, one.match.flags.replace(/[gy]/g, '')).test(call),
      )
      for (const one of met) one.left -= 1
      waiting = waiting.filter((one) => one.left > 0)
      return met.map((one) => one.fault)
    },
    clear() {
      waiting = []
    },
    hold(call, response) {
      held.set(response, call)
      response.once('close', () => held.delete(response))
    },
    held: () => [...held.values()],
  }
}
