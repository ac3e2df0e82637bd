import { groupKeyOf, groupLabelsOf, webhookPayload } from './payload.ts'
import type { Store, StoredAlert } from './store.ts'
import type { Delivery, WebhookPayload } from './types.ts'

export interface NotifierOptions {
  receiver: string
  groupBy: string[]
  maxAlerts: number
  externalURL: string
  sendResolved: boolean
  groupWaitMs: number
  groupIntervalMs: number
  repeatIntervalMs: number
  /** first pause between tries; doubles */
  retryMs: number
  /** a notification is tried until this much time has passed */
  flushTimeoutMs: number
  post(payload: WebhookPayload): Promise<Delivery['status']>
  onDelivery(delivery: Delivery): void
}

/** Groups alerts and tells the receiver about each group, as Alertmanager's dispatcher and notification log do. */
export interface Notifier {
  /** Something about this alert changed: its group is told after `groupWaitMs`, or at its next interval. */
  touch(alert: StoredAlert): void
  /** Something changed for all, as a silence does: every group looks again at its next interval. */
  touchAll(): void
  /** Tells every group that has news at once, and resolves when that is done. */
  flush(): Promise<void>
  /** The next `times` notifications are never sent, but believed to have arrived. */
  loseNext(times: number): void
  stop(): void
}

/** What the receiver was last told of a group. */
interface Told {
  firing: Set<string>
  resolved: Set<string>
  at: number
}

interface Group {
  key: string
  /** fingerprints of its alerts */
  members: Set<string>
  told: Told | undefined
  timer: NodeJS.Timeout | undefined
  running: Promise<void> | undefined
  /** unix ms of the start of the last flush, 0 before the first */
  ranAt: number
  /** changed while a flush was running */
  stale: boolean
}

function newGroup(key: string): Group {
  return { key, members: new Set(), told: undefined, timer: undefined, running: undefined, ranAt: 0, stale: false }
}

export function createNotifier(store: Store, options: NotifierOptions): Notifier {
  const groups = new Map<string, Group>()
  let toLose = 0
  let stopped = false

  const keyOf = (alert: StoredAlert) => groupKeyOf(groupLabelsOf(alert.labels, options.groupBy))
  const heard = (alert: StoredAlert) => alert.inhibitedBy.length === 0 && store.silencedBy(alert).length === 0

  function membersOf({ members }: Group): StoredAlert[] {
    const known = [...members].map((id) => [id, store.find(id)] as const)
    for (const [id, alert] of known) if (!alert) members.delete(id)
    return known.flatMap(([, alert]) => alert ?? [])
  }

  function schedule(group: Group, ms: number): void {
    clearTimeout(group.timer)
    if (stopped) return
    group.timer = setTimeout(() => void run(group), Math.min(ms, 2 ** 31 - 1)).unref()
  }

  /** The moment of the group's next interval: only a group with news needs it, idle ones cost nothing. */
  function atNextInterval(group: Group): void {
    if (!group.running)
      schedule(group, Math.max(options.groupWaitMs, group.ranAt + options.groupIntervalMs - Date.now()))
    else group.stale = true
  }

  /** One flush at a time per group, so that a hanging receiver holds its own group only. */
  function run(group: Group): Promise<void> {
    group.running ??= flushOnce(group)
    return group.running
  }

  async function flushOnce(group: Group): Promise<void> {
    group.stale = false
    group.ranAt = Date.now()
    const done = await tell(group)
    group.running = undefined
    if (membersOf(group).length === 0) {
      clearTimeout(group.timer)
      groups.delete(group.key)
    } else if (!done || group.stale) atNextInterval(group)
    else schedule(group, options.repeatIntervalMs)
  }

  /** False when the receiver did not take what there was to tell. */
  async function tell(group: Group): Promise<boolean> {
    const all = membersOf(group)
    const alerts = all.filter(heard)
    const firing = new Set(alerts.filter((alert) => !alert.endsAt).map(({ fingerprint }) => fingerprint))
    const resolved = new Set(alerts.filter((alert) => alert.endsAt).map(({ fingerprint }) => fingerprint))
    const news = hasNews(group.told, firing, resolved, options)
    const shown = alerts.filter((alert) => options.sendResolved || !alert.endsAt).map(withoutUndefined)
    if (news && shown.length > 0) {
      const { receiver, groupBy, maxAlerts, externalURL } = options
      const arrived = await deliver(webhookPayload(shown, { receiver, groupBy, maxAlerts, externalURL }))
      if (!arrived) return false
      group.told = { firing, resolved, at: Date.now() }
    }
    for (const alert of all) if (alert.endsAt) store.forget(alert)
    return true
  }

  async function deliver(payload: WebhookPayload): Promise<boolean> {
    if (toLose > 0) {
      toLose -= 1
      options.onDelivery({ at: Date.now(), status: 'lost', attempt: 1, payload })
      return true
    }
    const end = Date.now() + options.flushTimeoutMs
    let pause = options.retryMs
    for (let attempt = 1; ; attempt += 1) {
      const at = Date.now()
      const status = await options.post(payload)
      options.onDelivery({ at, status, attempt, payload })
      if (status === 'lost') return true
      if (typeof status === 'number' && status < 500) return status >= 200 && status < 300
      if (stopped || Date.now() + pause > end) return false
      await new Promise((resolve) => setTimeout(resolve, pause).unref())
      pause *= 2
    }
  }

  return {
    touch(alert) {
      const key = keyOf(alert)
      const known = groups.get(key)
      const group = known ?? newGroup(key)
      group.members.add(alert.fingerprint)
      groups.set(key, group)
      atNextInterval(group)
    },
    touchAll() {
      for (const group of groups.values()) atNextInterval(group)
    },
    async flush() {
      await Promise.all(
        [...groups.values()].map(async (group) => {
          await group.running
          await run(group)
        }),
      )
    },
    loseNext(times) {
      toLose += times
    },
    stop() {
      stopped = true
      for (const { timer } of groups.values()) clearTimeout(timer)
    },
  }
}

function withoutUndefined({ endsAt, ...alert }: StoredAlert) {
  return endsAt === undefined ? alert : { ...alert, endsAt }
}

/** Alertmanager's own rule: something new fires, or something told as firing ended, or the repeat interval is over. */
function hasNews(
  told: Told | undefined,
  firing: Set<string>,
  resolved: Set<string>,
  { sendResolved, repeatIntervalMs }: NotifierOptions,
): boolean {
  if (!told) return firing.size > 0
  if (!isWithin(firing, told.firing)) return true
  if (firing.size === 0) return told.firing.size > 0 && sendResolved && resolved.size > 0
  if (sendResolved && !isWithin(resolved, told.resolved)) return true
  return told.at + repeatIntervalMs <= Date.now()
}

function isWithin(some: Set<string>, all: Set<string>): boolean {
  return [...some].every((one) => all.has(one))
}
