import { setPolicy } from '../../src/autonomy/policy-setting.ts'
import type { AgentProcess } from './agent-process.ts'
import { type Case, openCase, type Trouble } from './cases.ts'
import { type Hands, handsIn } from './hands.ts'
import type { Ending, Fired } from './history.ts'
import { giveLevels } from './levels.ts'
import type { Arm, Settings } from './protocol.ts'
import { TooLate, until } from './wait.ts'
import { openWorld, type World, type WorldOptions } from './world.ts'

/** How long it took, from a restart, until somebody was at work again on everything that a kill had left lying. */
export interface Resumption {
  after: string
  ms: number
}

/** A world in use: its agent is kept alive, and what happened in it is kept for the judge. */
export interface Lane {
  world: World
  hands: Hands
  fired: Fired[]
  endings: Ending[]
  resumptions: Resumption[]
  kills: { point: string; when: 'before' | 'after' }[]
  open(trouble: Trouble): Promise<Case>
  /** Brings the agent up with these settings, or leaves the one that has them. */
  agent(settings?: Settings): Promise<AgentProcess>
  /**
   * Runs a script while the agent is killed as told, one kill after the other, started again at once each time it dies, and
   * measured at that. Answers how many of the kills took place.
   */
  under(kills: readonly Omit<Arm, 'action'>[], settings: Settings, script: () => Promise<void>): Promise<number>
  /** Waits until nothing is in flight; answers what still is after `timeoutMs`. */
  settle(timeoutMs?: number): Promise<string[]>
  close(): Promise<void>
}

/** A story that was cut off goes on within this, ms. */
export const RESUMED_WITHIN_MS = 15_000

export async function openLane(options: WorldOptions): Promise<Lane> {
  const world = await openWorld(options)
  await setPolicy(world.database.sql, 'NORMAL', 'chaos')
  await giveLevels(world)
  const hands = handsIn(world)
  const lane: Pick<Lane, 'fired' | 'endings' | 'resumptions' | 'kills'> = {
    fired: [],
    endings: [],
    resumptions: [],
    kills: [],
  }
  let agent: AgentProcess | undefined
  let running = ''

  async function bring(settings: Settings = {}): Promise<AgentProcess> {
    const wanted = JSON.stringify(settings)
    if (agent?.alive() && running === wanted) return agent
    await agent?.end('SIGTERM')
    running = wanted
    agent = await world.start(settings)
    return agent
  }

  async function revive(settings: Settings, after: string, begin: (agent: AgentProcess) => void): Promise<void> {
    const at = new Date()
    agent = await world.start(settings, { eager: true })
    const began = agent.startedAt
    begin(agent)
    await agent.ready
    try {
      // Killed once more before it was measured: the next life is.
      await until(`going on after ${after}`, async () => !agent?.alive() || (await isResumed(world, at)), {
        timeoutMs: 2 * RESUMED_WITHIN_MS,
        everyMs: 100,
      })
      if (!agent.alive()) return
    } catch (error) {
      if (!(error instanceof TooLate)) throw error
    }
    lane.resumptions.push({ after, ms: Date.now() - began })
  }

  return {
    world,
    hands,
    ...lane,
    agent: bring,
    async open(trouble) {
      const one = await openCase(world, trouble)
      lane.fired.push({ fingerprint: one.fingerprint, workload: one.workload })
      return one
    },
    async under(kills, settings, script) {
      const first = await bring(settings)
      const arm = (living: AgentProcess, at: number) => {
        const kill = kills[at]
        if (kill) living.arm({ ...kill, action: 'kill' })
      }
      arm(first, 0)
      let over = false
      let killed = 0
      const playing = script().finally(() => {
        over = true
      })
      playing.catch(() => {})
      while (!over) {
        const living = agent
        if (!living) break
        await Promise.race([living.gone, playing.catch(() => {})])
        if (living.alive()) break
        const kill = kills[killed]
        killed += 1
        if (kill) lane.kills.push({ point: kill.point, when: kill.when })
        await revive(settings, kill ? `${kill.when} ${kill.point}` : 'an end nobody asked for', (again) =>
          arm(again, killed),
        )
      }
      await playing
      agent?.disarm()
      return Math.min(killed, kills.length)
    },
    async settle(timeoutMs = 30_000) {
      const still = await until('quiet', async () => (await inFlight(world)).length === 0, {
        timeoutMs,
        everyMs: 200,
      }).catch(() => false)
      return still ? [] : await inFlight(world)
    },
    close: () => world.stop(),
  }
}

/** Somebody is at work on, or has done, everything that was wanted before the restart. */
async function isResumed({ database }: World, since: Date): Promise<boolean> {
  const [row] = await database.sql<{ left: number }[]>`
    select (select count(*) from incidents i where i.wants > i.served and not exists (
        select from leases l where l.name = 'incident:' || i.id and l.expires_at > watch_now() and l.taken_at >= ${since}))
      + (select count(*) from outbox where created_at < ${since} and not_before <= watch_now()
          and (sent_at is null or (sending_since is not null and sending_since < ${since}))) as left`
  return row?.left === 0
}

/** What is under way, by the records: I7 says that there is nothing once it has been quiet for a while. */
async function inFlight({ database: { sql } }: World): Promise<string[]> {
  const rows = await sql<{ what: string }[]>`
    select 'effect ' || id || ' is started' as what from effects where status = 'started'
    union all select 'incident ' || id || ' wants to move' from incidents where wants > served
    union all select 'incident ' || id || ' is ' || status from incidents where status in ('running', 'verifying')
    union all select 'message ' || subject || ' is unsent' from outbox where sent_at is null or sending_since is not null`
  return rows.map(({ what }) => what)
}
