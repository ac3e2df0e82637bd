import { isOurs, readChanges } from './history.ts'
import { stages } from './stages.ts'
import type { World } from './world.ts'

/** One workload with one alert of its own: what becomes of it is told apart by its name everywhere. */
export interface Case {
  /** `w12` */
  name: string
  /** `chaos/w12`, as cards and the cluster have it. */
  workload: string
  labels: Record<string, string>
  fingerprint: string
  startsAt: string
}

export type Trouble = 'ChaosRestart' | 'ChaosMemory' | 'ChaosThree' | 'ChaosRace' | 'ChaosTidy' | 'ChaosRebuild'

/** Puts a workload, and what its trouble is about, into the cluster and fires an alert about it. */
export async function openCase(
  world: World,
  trouble: Trouble,
  { more = {}, name = world.newName() } = {},
): Promise<Case> {
  await world.cluster.addWorkload({ namespace: 'chaos', name })
  await stages[trouble]?.(world, name)
  return await fire(world, trouble, name, more)
}

/** Fires an alert about a workload that is there already. */
export async function fire(
  world: World,
  trouble: Trouble,
  name: string,
  more: Record<string, string> = {},
  startsAt?: string,
): Promise<Case> {
  const labels = {
    alertname: trouble,
    cluster: 'homelab',
    namespace: 'chaos',
    deployment: name,
    severity: 'warning',
    ...more,
  }
  const summary = `${name} is in trouble.`
  const stored = await world.alertmanager.fire(labels, { summary }, startsAt === undefined ? {} : { startsAt })
  return { name, workload: `chaos/${name}`, labels, fingerprint: stored.fingerprint, startsAt: stored.startsAt }
}

export async function resolve(world: World, { labels }: Case): Promise<void> {
  await world.alertmanager.resolve(labels)
}

export interface IncidentFacts {
  id: number
  status: string
  outcome: string | null
  round: number
  wants: number
  served: number
}

/** The newest incident about the case's workload, as the records have it: for knowing when to go on, not for judging. */
export async function incidentOf({ database }: World, { name, labels }: Case): Promise<IncidentFacts | undefined> {
  const [row] = await database.sql<IncidentFacts[]>`
    select id, status, outcome, round, wants, served from incidents
    where workload = ${name} and alertname = ${labels.alertname ?? ''} order by id desc limit 1`
  return row
}

/** Changes the cluster took on for this workload, dry runs and failures left out. */
export async function changesOf({ cluster }: World, { name }: Case) {
  const changes = await cluster.changes()
  return changes.filter((change) => change.path.endsWith(`/namespaces/chaos/deployments/${name}`))
}

/** Everything the agent changed of a case so far: its workload, and pods, nodes and other objects named after it. */
export function touchesOf({ oracles }: World, { workload }: Case) {
  return readChanges(oracles.kubernetes).filter((change) => change.workload === workload && isOurs(change))
}
