import { type Case, changesOf, fire, incidentOf, resolve, touchesOf } from './cases.ts'
import type { Lane } from './lane.ts'
import type { Settings } from './protocol.ts'
import { until } from './wait.ts'

/** A short story of one incident, told so that it ends the same way however often the agent dies in it. */
export interface Scenario {
  name: string
  settings: Settings
  play(lane: Lane): Promise<void>
}

export const APPROVE = 'Approve'
const PATIENCE = { timeoutMs: 90_000 }
const SETTINGS: Settings = { grantTtlMs: 3_000 }

export async function changed(lane: Lane, one: Case, times: number, timeoutMs = PATIENCE.timeoutMs): Promise<void> {
  const made = async () => (await changesOf(lane.world, one)).length
  await until(`${one.workload} changed ${times} times`, async () => (await made()) >= times, { timeoutMs })
}

export async function closes(lane: Lane, one: Case, says: RegExp): Promise<void> {
  await resolve(lane.world, one)
  await until(
    `the end of ${one.workload}`,
    async () => (await incidentOf(lane.world, one))?.status === 'closed',
    PATIENCE,
  )
  lane.endings.push({ workload: one.workload, says })
}

export async function approve(lane: Lane, one: Case, by: 'alice' | 'bob' = 'alice'): Promise<void> {
  await lane.hands.insist(one, APPROVE, lane.world.people[by], /approved/i)
}

/** One after the other, as what may cost data or service is asked of two people. */
export async function approveTogether(lane: Lane, one: Case): Promise<void> {
  await lane.hands.insist(one, `${APPROVE} (1 of 2)`, lane.world.people.alice, /second person/i)
  await lane.hands.insist(one, `${APPROVE} (2 of 2)`, lane.world.people.bob, /approved/i)
}

/** Waits until the agent has made so many changes of the case's objects, of whatever kind. */
async function touched(lane: Lane, one: Case, times: number): Promise<void> {
  const made = () => touchesOf(lane.world, one).length
  await until(`${one.workload} and what is its own were changed ${times} times`, () => made() >= times, PATIENCE)
}

async function rests(lane: Lane, one: Case, outcome: string): Promise<void> {
  await until(
    `${one.workload} comes to ${outcome}`,
    async () => (await incidentOf(lane.world, one))?.outcome === outcome,
    PATIENCE,
  )
}

const fix: Scenario = {
  name: 'approved and fixed',
  settings: SETTINGS,
  async play(lane) {
    const one = await lane.open('ChaosRestart')
    await approve(lane, one)
    await changed(lane, one, 1)
    await closes(lane, one, /Fixed:/)
  },
}

const undo: Scenario = {
  name: 'fixed, then taken back',
  settings: SETTINGS,
  async play(lane) {
    const one = await lane.open('ChaosMemory')
    await approve(lane, one, 'bob')
    await changed(lane, one, 1)
    await closes(lane, one, /./)
    await lane.hands.insist(one, 'Undo', lane.world.people.bob)
    await approve(lane, one)
    await changed(lane, one, 2)
    await rests(lane, one, 'abandoned')
    lane.endings.pop()
    lane.endings.push({ workload: one.workload, says: /taken back|given up/i })
  },
}

const three: Scenario = {
  name: 'three steps, each approved',
  settings: SETTINGS,
  async play(lane) {
    const one = await lane.open('ChaosThree')
    for (const step of [1, 2, 3]) {
      await approve(lane, one, step === 2 ? 'bob' : 'alice')
      await changed(lane, one, step)
    }
    await closes(lane, one, /Fixed:/)
  },
}

const reject: Scenario = {
  name: 'rejected, planned again, approved',
  settings: SETTINGS,
  async play(lane) {
    const one = await lane.open('ChaosRestart')
    await lane.hands.insist(one, 'Reject', lane.world.people.bob)
    await rests(lane, one, 'rejected')
    await lane.hands.insist(one, 'Plan again', lane.world.people.alice)
    await approve(lane, one)
    await changed(lane, one, 1)
    await closes(lane, one, /Fixed:/)
  },
}

const silence: Scenario = {
  name: 'nobody answers',
  settings: { ...SETTINGS, approvalTtlMs: 2_000 },
  async play(lane) {
    const one = await lane.open('ChaosMemory')
    await rests(lane, one, 'expired')
    await closes(lane, one, /Nobody answered:/)
  },
}

const cleared: Scenario = {
  name: 'cleared while asked, then again',
  settings: SETTINGS,
  async play(lane) {
    const one = await lane.open('ChaosRestart')
    await lane.hands.card(one, APPROVE)
    await closes(lane, one, /Cleared by itself:/)
    const again = await fire(lane.world, 'ChaosRestart', one.name, {}, one.startsAt)
    lane.endings.pop()
    await approve(lane, again)
    await changed(lane, again, 1)
    await closes(lane, again, /Fixed:/)
  },
}

/** Five steps under one approval, two of them on nodes; a Job is two writes: the mark on its CronJob, and the Job. */
const tidy: Scenario = {
  name: 'five steps, approved at once',
  settings: SETTINGS,
  async play(lane) {
    const one = await lane.open('ChaosTidy')
    await approve(lane, one, 'bob')
    await touched(lane, one, 6)
    await closes(lane, one, /Fixed:/)
  },
}

/** Five steps that cannot be repeated without harm, each approved by two; the drain closes its node and evicts two pods. */
const rebuild: Scenario = {
  name: 'five steps, each approved by two',
  settings: SETTINGS,
  async play(lane) {
    const one = await lane.open('ChaosRebuild')
    for (const made of [1, 2, 3, 4, 7]) {
      await approveTogether(lane, one)
      await touched(lane, one, made)
    }
    await closes(lane, one, /Fixed:/)
  },
}

export const scenarios: readonly Scenario[] = [fix, undo, three, reject, silence, cleared, tidy, rebuild]
