import { inDollars } from './prices.ts'

/** Tokens of any model, and money of those that cost some, in millionths of a US dollar. */
export interface Amount {
  tokens: number
  microUsd: number
}

export interface BudgetLimits {
  /** Of one incident, and how many calls of models it may make. */
  incident: Amount & { calls: number }
  day: Amount
  month: Amount
  /** Share of the day and of the month (0 to 1) that only critical incidents may spend. */
  keptForCritical: number
}

/** What was spent or is reserved so far. */
export interface Spent {
  incident: Amount & { calls: number }
  /** Since midnight, and since the first, in UTC. Cloud models alone. */
  day: Amount
  month: Amount
}

/**
 * Why a call may not be made, in a sentence for people; undefined when it may. Pure: whoever asks holds the lock that keeps
 * two calls from being let through on the same money. Day and month bind what leaves for the cloud; a local model costs nothing.
 */
export function refusedBy(
  limits: BudgetLimits,
  spent: Spent,
  want: Amount & { critical: boolean; place: 'local' | 'cloud' },
): string | undefined {
  if (spent.incident.calls + 1 > limits.incident.calls)
    return `This incident has made its ${limits.incident.calls} calls of models.`
  const incident = over('This incident', limits.incident, spent.incident, want)
  if (incident !== undefined || want.place === 'local') return incident
  const share = want.critical ? 1 : 1 - limits.keptForCritical
  for (const [name, limit, gone] of [
    ['Today', limits.day, spent.day],
    ['This month', limits.month, spent.month],
  ] as const) {
    const because = over(name, scaled(limit, share), gone, want)
    if (because === undefined) continue
    const rest = over(name, limit, gone, want) === undefined
    return rest ? `${because} What is left is kept for critical incidents.` : because
  }
  return undefined
}

function over(name: string, limit: Amount, gone: Amount, want: Amount): string | undefined {
  if (gone.microUsd + want.microUsd > limit.microUsd)
    return `${name} has spent ${inDollars(gone.microUsd)} of ${inDollars(limit.microUsd)} for models, and the next call may cost ${inDollars(want.microUsd)}.`
  if (gone.tokens + want.tokens > limit.tokens)
    return `${name} has used ${gone.tokens} of ${Math.floor(limit.tokens)} tokens, and the next call may take ${want.tokens}.`
  return undefined
}

function scaled({ tokens, microUsd }: Amount, share: number): Amount {
  return { tokens: tokens * share, microUsd: microUsd * share }
}
