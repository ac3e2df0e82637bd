import type { Fault, FaultKind, Limits } from './types.ts'

/** What is to happen to a call instead of, or besides, its usual course. */
export interface Trouble {
  as: FaultKind
  /** seconds, for '429' */
  retryAfter?: number
  /** for '400' */
  description?: string
  /** the caller had been told to wait and did not */
  early?: boolean
}

export interface Faults {
  fail(fault: Fault): void
  mend(): void
  limit(limits: Limits): void
  /** What happens to this call; undefined: nothing unusual. `chat` where it sends to or edits in one. */
  meet(call: { method: string; chat: number | undefined; now: number }): Trouble | undefined
  /** calls made before the time that a 429 had named */
  early(): number
}

interface Penalty {
  method: string
  until: number
}

const budgeted = /^(?:send(?!ChatAction)|editMessage|copyMessage|forwardMessage)/
/** Clocks of client and server tick apart by a little; a call this close to its time is not early. */
const tolerance = 5

export function createFaults(limits: Limits): Faults {
  let rules: { fault: Fault; left: number }[] = []
  let penalties: Penalty[] = []
  let allowed = limits
  let early = 0
  const spent = new Map<number, number[]>()

  function penalised(method: string, now: number): Trouble | undefined {
    penalties = penalties.filter(({ until }) => until - tolerance > now)
    const penalty = penalties.find((entry) => covers(entry.method, method))
    if (!penalty) return undefined
    early += 1
    return { as: '429', retryAfter: Math.max(1, Math.ceil((penalty.until - now) / 1000)), early: true }
  }

  function scripted(method: string, now: number): Trouble | undefined {
    const rule = rules.find(({ fault, left }) => left > 0 && covers(fault.method, method))
    if (!rule) return undefined
    rule.left -= 1
    const { as, description } = rule.fault
    if (as !== '429') return { as, ...(description !== undefined && { description }) }
    const retryAfter = rule.fault.retry_after ?? 1
    penalties.push({ method: rule.fault.method, until: now + retryAfter * 1000 })
    return { as: '429', retryAfter }
  }

  function overBudget(chat: number, now: number): Trouble | undefined {
    const times = (spent.get(chat) ?? []).filter((time) => time > now - 60_000)
    const waits = [waitFor(times, allowed.perChatPerMinute, 60_000, now), waitFor(times, allowed.perSecond, 1_000, now)]
    const wait = Math.max(...waits)
    if (wait > 0) return { as: '429', retryAfter: Math.ceil(wait / 1000) }
    spent.set(chat, [...times, now])
    return undefined
  }

  return {
    fail(fault) {
      rules.push({ fault, left: fault.times === 'always' ? Number.POSITIVE_INFINITY : (fault.times ?? 1) })
    },
    mend() {
      rules = []
      penalties = []
    },
    limit(next) {
      allowed = next
    },
    meet({ method, chat, now }) {
      const trouble = penalised(method, now) ?? scripted(method, now)
      if (trouble) return trouble
      return chat !== undefined && budgeted.test(method) ? overBudget(chat, now) : undefined
    },
    early: () => early,
  }
}

function covers(pattern: string, method: string): boolean {
  return pattern === '*' || pattern.toLowerCase() === method.toLowerCase()
}

/** Milliseconds until one more call fits into a sliding window. */
function waitFor(times: number[], most: number | undefined, window: number, now: number): number {
  if (most === undefined) return 0
  const inside = times.filter((time) => time > now - window)
  const oldest = inside[inside.length - most]
  return oldest === undefined ? 0 : oldest + window - now
}
