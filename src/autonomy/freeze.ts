import type { Announcer } from '../incidents/announce.ts'
import type { Tx } from '../storage/postgres.ts'
import { writeLedger } from './ledger.ts'
import { type Policy, policyNow, setPolicy } from './policy-setting.ts'
import { policyWords } from './policy-words.ts'

export interface PolicyChange {
  from: Policy
  to: Policy
}

/** Who wants it, as records name them, and from where. */
export interface Wish {
  actor: string
  by: string
  channel: string
}

/** Two people at once: the second sees what the first did. Any constant of our own. */
const POLICY_LOCK = 0x77_6b_70

/**
 * From this commit on nothing starts, on any replica; everybody is told, and the cards say so. Answers what it was before; the
 * same where it was frozen already.
 */
export async function freeze(tx: Tx, announcer: Announcer, wish: Wish): Promise<PolicyChange> {
  return await change(tx, announcer, wish, async () => 'FROZEN')
}

/** Goes back to the policy from before the freeze, and tells everybody. */
export async function thaw(tx: Tx, announcer: Announcer, wish: Wish): Promise<PolicyChange> {
  return await change(tx, announcer, wish, (now) => beforeTheFreeze(tx, now))
}

async function change(
  tx: Tx,
  announcer: Announcer,
  wish: Wish,
  choose: (now: Policy) => Promise<Policy>,
): Promise<PolicyChange> {
  await tx`select pg_advisory_xact_lock(${POLICY_LOCK})`
  const from = await policyNow(tx)
  const to = await choose(from)
  if (to === from) return { from, to }
  const { actor, by, channel } = wish
  await setPolicy(tx, to, actor)
  await announcer.notice(tx, { subject: 'policy', topic: 'critical', text: noticeOf(to, wish), loud: true })
  await announcer.card(tx, await openIncidents(tx))
  await writeLedger(tx, [{ kind: 'policy_changed', incident: null, body: { from, to, by, channel } }])
  return { from, to }
}

function noticeOf(to: Policy, { by, channel }: Wish): string {
  const from = channel === 'telegram' ? '' : ` from the ${channel}`
  return to === 'FROZEN'
    ? `❄ ${by} froze everything${from}: nothing runs until an admin says /thaw.`
    : `☀ ${by} ended the freeze${from}: ${policyWords[to]}`
}

/** Cards that say at once that everything is frozen, questions first; the others say so when they are drawn the next time. */
const REDRAWN = 20

async function openIncidents(tx: Tx): Promise<number[]> {
  const open = await tx<{ id: number }[]>`
    select id from incidents where status in ('open', 'waiting', 'running')
    order by (status = 'waiting') desc, id desc limit ${REDRAWN}`
  return open.map(({ id }) => id)
}

async function beforeTheFreeze(tx: Tx, now: Policy): Promise<Policy> {
  if (now !== 'FROZEN') return now
  const [row] = await tx<{ from: Policy }[]>`
    select body->>'from' as "from" from ledger
    where kind = 'policy_changed' and body->>'to' = 'FROZEN' order by seq desc limit 1`
  return row?.from === 'NORMAL' ? 'NORMAL' : 'VERBOSE'
}
