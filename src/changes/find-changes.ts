import type { Change, ChangesFound } from '../domain/change.ts'
import type { JsonObject } from '../domain/json.ts'
import { deliveriesOf } from './gitops.ts'
import { nodeChanges, taskChanges } from './machines.ts'
import { type Place, placeOf, type Subject } from './subject.ts'
import { newestFirst, type Window } from './window.ts'
import { gitOpsOf, workloadChanges } from './workloads.ts'

/**
 * Asks one reading tool. Never throws and never takes longer than it may: undefined where nobody is to be asked, or there is no
 * such thing there; a reason where an answer should have come and did not.
 */
export type Ask = (tool: string, args: JsonObject) => Promise<Asked | undefined>
export type Asked = { answer: JsonObject } | { because: string }

/** What to look for, and when it was. `now` is the moment of looking. */
export interface Search {
  subject: Subject
  window: Window
  now: Date
}

/**
 * What happened to what an alert is about in a window before it: rollouts, deliveries from a repository, events of a node, tasks of
 * Proxmox VE. Undefined where the alert names nothing to look at, or nobody who could be asked.
 */
export async function findChanges(ask: Ask, { subject, window, now }: Search): Promise<ChangesFound | undefined> {
  const place = placeOf(subject)
  if (!place) return undefined
  const looked: string[] = []
  const missed: ChangesFound['missed'] = []
  const look = async (tool: string, args: JsonObject): Promise<JsonObject | undefined> => {
    const asked = await ask(tool, args)
    if (asked && 'because' in asked) missed.push({ tool, because: asked.because })
    else if (asked) looked.push(tool)
    return asked && 'answer' in asked ? asked.answer : undefined
  }
  const found = await lookAt(place, look, { window, now })
  if (looked.length === 0) return undefined
  const minutes = Math.round((window.until.getTime() - window.from.getTime()) / 60_000)
  return { ...newestFirst(found, window), minutes, looked, missed }
}

type Look = (tool: string, args: JsonObject) => Promise<JsonObject | undefined>

async function lookAt(place: Place, look: Look, { window, now }: Omit<Search, 'subject'>): Promise<Change[]> {
  const seconds = Math.max(60, Math.ceil((now.getTime() - window.from.getTime()) / 1_000))
  const since_hours = Math.min(2_160, Math.ceil(seconds / 3_600))
  if (place.is === 'guest') return taskChanges(await look('proxmox.tasks_list', { guest: place.id, since_hours }))
  if (place.is === 'node') {
    const { name } = place
    const since_seconds = Math.min(604_800, seconds)
    // The name may be a node of either, or of both.
    const [events, tasks] = await Promise.all([
      look('kubernetes.events', { for: `node/${name.toLowerCase()}`, since_seconds }),
      look('proxmox.tasks_list', { node: name, since_hours }),
    ])
    return [...nodeChanges(name, events), ...taskChanges(tasks)]
  }
  const { namespace, kind, name } = place
  const [history, described] = await Promise.all([
    look('kubernetes.rollout_history', { namespace, workload: `${kind}/${name}` }),
    look('kubernetes.describe', { kind, namespace, name }),
  ])
  const gitops = gitOpsOf(described)
  const delivered = (gitops ? deliveriesOf(gitops) : []).map(async ({ args, read }) =>
    read(await look('kubernetes.get', args)),
  )
  return [...workloadChanges({ name, kind, history, described }, window), ...(await Promise.all(delivered)).flat()]
}
