import { type Case, changesOf, incidentOf, resolve } from './cases.ts'
import { type Lane, RESUMED_WITHIN_MS } from './lane.ts'
import { APPROVE, approve, approveTogether, changed, closes } from './scenarios.ts'
import { setMemory } from './someone-else.ts'
import { until } from './wait.ts'

/** Stories that are told twice: with a guard in place, and with it switched off. */

const SETTINGS = { grantTtlMs: 2_000 }

/** Killed the moment Alertmanager has its 2xx. Nobody polls: what was acknowledged must be in the database by then. */
export async function killedAfterTheAnswer(lane: Lane): Promise<void> {
  const agent = await lane.agent(SETTINGS)
  const one = await lane.open('ChaosRestart')
  await until('the webhook to be acknowledged', async () => {
    const deliveries = await lane.world.alertmanager.deliveries()
    return deliveries.some(
      ({ status, payload }) =>
        status === 200 && payload.alerts.some(({ fingerprint }) => fingerprint === one.fingerprint),
    )
  })
  await agent.end('SIGKILL')
  await lane.agent(SETTINGS)
  await lane.hands.card(one, 'More', RESUMED_WITHIN_MS)
}

/** Killed when the call has run and its result is not stored. */
export async function killedAfterTheCall(lane: Lane): Promise<void> {
  const agent = await lane.agent(SETTINGS)
  const one = await lane.open('ChaosRestart')
  await lane.hands.card(one, APPROVE)
  agent.arm({ point: 'tool:kubernetes.rollout_restart', when: 'after', nth: 2, action: 'kill' })
  await approve(lane, one)
  await until('the agent to die', () => !agent.alive())
  await lane.agent(SETTINGS)
  await until('the call to be settled', async () => {
    const [row] = await lane.world.database.sql`
      select e.status from effects e join incidents i on i.id = e.incident_id where i.workload = ${one.name}`
    return row?.status === 'done'
  })
  await closes(lane, one, /Fixed:/)
}

/** Killed when a pod has been evicted and its result is not stored; another has come under its name, which nobody meant. */
export async function killedAfterTheEviction(lane: Lane): Promise<void> {
  const agent = await lane.agent(SETTINGS)
  const one = await lane.open('ChaosRebuild')
  await lane.hands.card(one, `${APPROVE} (1 of 2)`)
  agent.arm({ point: 'tool:kubernetes.evict_pod', when: 'after', nth: 2, action: 'kill' })
  await approveTogether(lane, one)
  await until('the agent to die', () => !agent.alive())
  await lane.agent(SETTINGS)
  await lane.hands.card(one, `${APPROVE} (1 of 2)`)
  await resolve(lane.world, one)
}

/** Somebody changes the workload between the card and the press. */
export async function changedBehindTheCard(lane: Lane): Promise<void> {
  await lane.agent(SETTINGS)
  const one = await lane.open('ChaosMemory')
  await lane.hands.card(one, APPROVE)
  await setMemory(lane.world, one.name, '320Mi')
  await lane.hands.insist(one, APPROVE, lane.world.people.alice)
  await until('the plan to be made again, or run', async () => {
    const made = (await changesOf(lane.world, one)).filter(({ effect }) => effect !== null).length
    return made > 0 || ((await incidentOf(lane.world, one))?.round ?? 1) > 1
  })
  await resolve(lane.world, one)
}

/** A viewer presses Approve. */
export async function pressedByAViewer(lane: Lane): Promise<void> {
  await lane.agent(SETTINGS)
  const one = await lane.open('ChaosRestart')
  const card = await lane.hands.card(one, APPROVE)
  const { answer } = await lane.hands.press(card, APPROVE, lane.world.people.vera)
  const said = (await answer)?.text ?? ''
  if (/^Approved/.test(said)) await changed(lane, one, 1)
  await resolve(lane.world, one)
}

/** Telegram fails while the last word about an incident is on its way, and comes back. */
export async function telegramFailsAtTheEnd(lane: Lane): Promise<void> {
  await lane.agent(SETTINGS)
  const one = await lane.open('ChaosRestart')
  await approve(lane, one)
  await changed(lane, one, 1)
  await until('the card to say so', async () => (await unsentOf(lane)) === 0)
  await lane.world.telegram.fail({ method: 'editMessageText', as: '500', times: 'always' })
  await closes(lane, one, /Fixed:/)
  await until('the last word to fail', async () => (await untriedOf(lane, one)) === 0, { timeoutMs: 25_000 })
  await lane.world.telegram.mend()
}

async function unsentOf({ world }: Lane): Promise<number> {
  const [row] = await world.database.sql<{ left: number }[]>`
    select count(*) as left from outbox where sent_at is null or sending_since is not null`
  return row?.left ?? 0
}

/** States of the card that nobody has tried to show yet. */
async function untriedOf({ world }: Lane, one: Case): Promise<number> {
  const incident = await incidentOf(world, one)
  const [row] = await world.database.sql<{ left: number }[]>`
    select count(*) as left from outbox
    where incident_id = ${incident?.id ?? 0} and kind = 'card' and error is null
      and (sent_at is null or sending_since is not null)`
  return row?.left ?? 0
}

/** Nothing happens but that an incident is approved and fixed. */
export async function approvedAndFixed(lane: Lane): Promise<void> {
  await lane.agent(SETTINGS)
  const one = await lane.open('ChaosRestart')
  await approve(lane, one)
  await changed(lane, one, 1)
  await closes(lane, one, /Fixed:/)
}

/** Killed in the middle of the graph, with nothing to come that would wake it. */
export async function killedInTheGraph(lane: Lane): Promise<void> {
  const agent = await lane.agent(SETTINGS)
  agent.arm({ point: 'node:investigate', when: 'before', nth: 1, action: 'kill' })
  await lane.open('ChaosRestart')
  await until('the agent to die', () => !agent.alive())
  await lane.agent(SETTINGS)
}
