import type { DatabaseServer } from './database.ts'
import { type Lane, openLane } from './lane.ts'
import { type Findings, judgeLane } from './verdict.ts'
import type { WorldOptions } from './world.ts'

/** What every fault is handed. */
export interface Context {
  server: DatabaseServer
  ownPort: () => Promise<number>
  /** Numbers the lanes, so that each has a folder of its own. */
  nextLane(): number
  /** Each point once, fewer rounds: while working on this harness. */
  quick: boolean
  /** Waits for one of the lanes that may run side by side. */
  slot<T>(work: () => Promise<T>): Promise<T>
  log(text: string): void
}

/** What one fault came to. Its own condition holds where there are no problems. */
export interface FaultReport {
  runs: number
  problems: string[]
  /** Figures worth seeing: times, counts of what was tried. */
  facts: Record<string, number | string>
}

export interface LaneResult<T> {
  value: T | undefined
  findings: Findings
  problems: string[]
}

const NOTHING_FOUND: Findings = {
  lost: [],
  doubled: [],
  unapproved: [],
  mismatched: [],
  untold: [],
  unresolved: [],
  chain: 'ok',
}

/**
 * Runs work in a lane of its own, judges the lane when it is over, and takes it down. Work that throws is a problem, not the
 * end of the run; what the lane saw until then is judged all the same.
 */
export async function inLane<T>(
  context: Context,
  name: string,
  work: (lane: Lane) => Promise<T>,
  { judging = {}, ...world }: Partial<WorldOptions> & { judging?: Parameters<typeof judgeLane>[1] } = {},
): Promise<LaneResult<T>> {
  const { server, ownPort } = context
  return await context.slot(async () => {
    const problems: string[] = []
    const keep = (error: unknown): undefined => {
      problems.push(`${name}: ${error instanceof Error ? error.message : String(error)}`)
    }
    const lane = await openLane({ server, ownPort, ...world, name: `${context.nextLane()}-${name}` }).catch(keep)
    if (!lane) return { value: undefined, findings: NOTHING_FOUND, problems }
    const value = await work(lane).catch(keep)
    try {
      const findings = await judgeLane(lane, judging)
      const bad = (Object.keys(findings) as (keyof Findings)[]).filter((key) => countOf(findings, key) > 0)
      if (problems.length + bad.length > 0 && world.guard === undefined)
        context.log(
          `${name}: ${problems.concat(bad.flatMap((key) => findings[key])).join('; ')} (${lane.world.folder})`,
        )
      return { value, findings, problems }
    } finally {
      await lane.close()
    }
  })
}

export function countOf(findings: Findings, key: keyof Findings): number {
  const found = findings[key]
  return typeof found === 'string' ? (found === 'ok' ? 0 : 1) : found.length
}

/** Collects what lanes found, for the sums at the end. */
export class Tally {
  readonly findings: Findings[] = []

  add<T>(result: LaneResult<T>): LaneResult<T> {
    this.findings.push(result.findings)
    return result
  }

  total(key: keyof Findings): number {
    return this.findings.reduce((sum, found) => sum + countOf(found, key), 0)
  }
}
