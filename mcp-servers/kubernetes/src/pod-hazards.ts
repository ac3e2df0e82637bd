import { at } from './details.ts'

/** What in a pod's specification gives it the node: each named once, in the words of the API. */
export function podHazards(template: unknown): string[] {
  const spec = at(template, 'spec')
  const shared = ['hostNetwork', 'hostPID', 'hostIPC'].filter((field) => at(spec, field) === true)
  const mounts = listOf(at(spec, 'volumes')).some((volume) => at(volume, 'hostPath') !== undefined) ? ['hostPath'] : []
  const containers = ['containers', 'initContainers', 'ephemeralContainers'].flatMap((list) => listOf(at(spec, list)))
  const rights = containers.flatMap((container) => {
    const security = at(container, 'securityContext')
    const added = listOf(at(security, 'capabilities', 'add')).map((capability) => `capability ${String(capability)}`)
    return [...(at(security, 'privileged') === true ? ['privileged'] : []), ...added]
  })
  return [...new Set([...shared, ...mounts, ...rights])]
}

/** The template of whatever makes pods; undefined for all others. */
export function templateOf(object: unknown): unknown {
  return at(object, 'spec', 'template') ?? at(object, 'spec', 'jobTemplate', 'spec', 'template')
}

function listOf(value: unknown): unknown[] {
  return Array.isArray(value) ? value : []
}
