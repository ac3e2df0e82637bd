import type { Case, Trouble } from './cases.ts'
import { setMemory } from './someone-else.ts'
import type { World } from './world.ts'

/** What a trouble is about beside its workload `w1`, each named after it (`w1-set`), so that nothing is another case's. */
type Stage = (world: World, name: Case['name']) => Promise<void>

export const stages: Partial<Record<Trouble, Stage>> = {
  async ChaosTidy({ cluster }, name) {
    await cluster.addNode(`${name}-open`)
    await cluster.addNode(`${name}-shut`, { closed: true })
    await cluster.addObject(cronJob(`${name}-tidy`))
  },
  /** The Deployment has a revision to go back to; a node is full of pods that no other step touches. */
  async ChaosRebuild(world, name) {
    const { cluster } = world
    await setMemory(world, name, '320Mi')
    await cluster.addWorkload({ namespace: 'chaos', name: `${name}-set`, kind: 'StatefulSet', replicas: 2 })
    await cluster.addNode(`${name}-full`)
    await cluster.addWorkload({ namespace: 'chaos', name: `${name}-guest`, replicas: 2, prefers: `${name}-full` })
  },
}

function cronJob(name: string) {
  const containers = [{ name: 'tidy', image: 'ghcr.io/example/tidy:1.0.0' }]
  const template = { spec: { restartPolicy: 'Never', containers } }
  return {
    apiVersion: 'batch/v1',
    kind: 'CronJob',
    metadata: { name, namespace: 'chaos' },
    spec: { schedule: '0 3 * * *', concurrencyPolicy: 'Allow', suspend: false, jobTemplate: { spec: { template } } },
  }
}
