import { changesOf, incidentOf } from '../cases.ts'
import { type Context, type FaultReport, inLane, type Tally } from '../fault.ts'
import type { Lane } from '../lane.ts'
import { APPROVE, approve, changed, closes } from '../scenarios.ts'
import { until } from '../wait.ts'

const SETTINGS = { grantTtlMs: 3_000 }
/** Shorter than it takes to come back after a kill. */
const LAPSING = { ...SETTINGS, authorizationTtlMs: 2_000 }

/**
 * F3: kill -9 between the stored Approve and the run. After the restart it runs once; where the permission has run out
 * meanwhile it does not run, and people are asked anew.
 */
export async function f3(context: Context, tally: Tally): Promise<FaultReport> {
  const places = ['telegram:answer', 'node:execute', 'node:await-decision'] as const
  const rounds = context.quick ? 1 : 2
  const problems: string[] = []
  const results = await Promise.all([
    ...places.map((point) =>
      inLane(context, 'f3-valid', async (lane) => {
        for (let round = 0; round < rounds; round++) await stillValid(lane, point)
      }),
    ),
    inLane(
      context,
      'f3-lapsed',
      async (lane) => {
        for (let round = 0; round < rounds; round++) await lapsed(lane)
      },
      { judging: { permission: { deciders: ['alice', 'bob'], admins: ['alice'], authorizationMs: 2_500 } } },
    ),
  ])
  for (const result of results) problems.push(...tally.add(result).problems)
  return { runs: (places.length + 1) * rounds, problems, facts: {} }
}

async function stillValid(lane: Lane, point: string): Promise<void> {
  // The second passage of the waiting node is the one that takes the verdict in.
  const nth = point === 'node:await-decision' ? 2 : 1
  const killed = await lane.under([{ point, when: 'before', nth }], SETTINGS, async () => {
    const one = await lane.open('ChaosRestart')
    await approve(lane, one)
    await changed(lane, one, 1)
    await closes(lane, one, /Fixed:/)
    const made = (await changesOf(lane.world, one)).length
    if (made !== 1) throw new Error(`${one.workload} was restarted ${made} times`)
  })
  if (killed === 0) throw new Error(`nobody was killed before ${point}`)
}

/** Kills between the stored approval and the run, and lets the permission run out before anybody is back. */
export async function lapsed(lane: Lane): Promise<void> {
  await lane.under([{ point: 'node:execute', when: 'before', nth: 1 }], LAPSING, async () => {
    const one = await lane.open('ChaosRestart')
    await approve(lane, one)
    await until(
      'the plan to be made again',
      async () =>
        ((await incidentOf(lane.world, one))?.round ?? 0) > 1 || (await changesOf(lane.world, one)).length > 0,
      { timeoutMs: 60_000 },
    )
    if ((await changesOf(lane.world, one)).length > 0)
      throw new Error(`${one.workload} was changed on a permission that had run out`)
    await lane.hands.card(one, APPROVE)
    // The new permission is as short-lived, so on a slow machine it may take another.
    for (let times = 0; times < 5 && (await changesOf(lane.world, one)).length === 0; times++) {
      await approve(lane, one, 'bob')
      await changed(lane, one, 1, 4_000).catch(() => {})
    }
    await changed(lane, one, 1)
    await closes(lane, one, /Fixed:/)
  })
}
