/** Who is asked, and in which order. `off`: nobody. */
export const MODES = ['local_first', 'local_only', 'cloud_first', 'cloud_only', 'off'] as const
export type Mode = (typeof MODES)[number]

/**
 * What makes the cloud worth asking, each something that can be checked: schema: the answer does not fit after one repair ·
 * evidence: it cites what does not exist or does not hold it · checks: what had to be looked at was not · margin: the best pages
 * are too close to one another · severity, risk: what is at stake · person: somebody tapped · unavailable: the local model did
 * not answer.
 */
export const SIGNALS = ['schema', 'evidence', 'checks', 'margin', 'severity', 'risk', 'person', 'unavailable'] as const
export type Signal = (typeof SIGNALS)[number]

export type Place = 'local' | 'cloud'
