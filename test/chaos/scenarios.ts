import { type Case, changesOf, fire, incidentOf, resolve } from './cases.ts'
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

export const scenarios: readonly Scenario[] = [fix, undo, three, reject, silence, cleared]
