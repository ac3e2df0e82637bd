import { z } from 'zod'
import type { Change } from '../domain/change.ts'

const Events = z.object({
  items: z.array(z.object({ at: z.string().nullable(), reason: z.string(), message: z.string() })),
})

/** What happens to a node rather than on it; the rest of what a kubelet reports is noise or a symptom of what runs there. */
const TELLING: readonly string[] = [
  'Starting',
  'Rebooted',
  'RegisteredNode',
  'NodeNotSchedulable',
  'NodeSchedulable',
  'NodeNotReady',
  'NodeReady',
  'NodeHasDiskPressure',
  'NodeHasInsufficientMemory',
  'NodeHasInsufficientPID',
  'SystemOOM',
]

/** What Kubernetes reported of a node, from an answer of `kubernetes.events`. */
export function nodeChanges(name: string, answer: unknown): Change[] {
  return (Events.safeParse(answer).data?.items ?? []).flatMap(({ at, reason, message }) =>
    at !== null && TELLING.includes(reason) ? [{ at, what: `${name}: ${message || reason}` }] : [],
  )
}

const Tasks = z.object({
  items: z.array(
    z.object({
      type: z.string(),
      id: z.string().optional(),
      node: z.string(),
      user: z.string(),
      started: z.string().optional(),
      status: z.string(),
    }),
  ),
})

/** Tasks that change nothing: somebody looked. */
const LOOKS = /^(?:vncproxy|vncshell|termproxy|spiceproxy|spiceshell|aptupdate|download)$/

/** What Proxmox VE did to a guest or on a node, from an answer of `proxmox.tasks_list`. */
export function taskChanges(answer: unknown): Change[] {
  return (Tasks.safeParse(answer).data?.items ?? []).flatMap(({ type, id, node, user, started, status }) =>
    started === undefined || LOOKS.test(type)
      ? []
      : [{ at: started, what: taskWords(type, id, node), note: `${user}, ${status}` }],
  )
}

const VERBS: Readonly<Record<string, string>> = {
  start: 'started',
  stop: 'stopped',
  shutdown: 'shut down',
  reboot: 'rebooted',
  reset: 'reset',
  suspend: 'paused',
  resume: 'resumed',
  config: 'configuration changed',
  create: 'created',
  migrate: 'moved to another node',
  snapshot: 'snapshot taken',
  rollback: 'set back to a snapshot',
  delsnapshot: 'snapshot removed',
  clone: 'cloned',
  template: 'made a template',
  move: 'disk moved',
  resize: 'disk resized',
}
const OTHERS: Readonly<Record<string, string>> = {
  vzdump: 'backup',
  resize: 'disk resized',
  startall: 'all guests started',
  stopall: 'all guests stopped',
  migrateall: 'all guests moved away',
}

/** `guest 101 started on pve1`, from the type of a task: https://pve.proxmox.com/pve-docs/ calls them qmstart, vzstart, vzdump … */
function taskWords(type: string, id: string | undefined, node: string): string {
  const about = id ? `guest ${id}` : node
  const place = id ? ` on ${node}` : ''
  const [, verb = ''] = /^(?:qm|vz|ha)(\w+)$/.exec(type) ?? []
  return `${about}: ${OTHERS[type] ?? VERBS[verb] ?? `task ${type}`}${place}`
}
