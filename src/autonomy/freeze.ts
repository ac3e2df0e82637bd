import type { Tx } from '../storage/postgres.ts'
import { writeLedger } from './ledger.ts'
import { type Policy, policyNow, setPolicy } from './policy-setting.ts'

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

/** From this commit on nothing starts, on any replica. Answers what it was before; the same where it was frozen already. */
export async function freeze(tx: Tx, wish: Wish): Promise<PolicyChange> {
  return await change(tx, wish, async () => 'FROZEN')
}

/** Goes back to the policy from before the freeze. */
export async function thaw(tx: Tx, wish: Wish): Promise<PolicyChange> {
  return await change(tx, wish, (now) => beforeTheFreeze(tx, now))
}

async function change(
  tx: Tx,
  { actor, by, channel }: Wish,
  choose: (now: Policy) => Promise<Policy>,
): Promise<PolicyChange> {
  await tx`select pg_advisory_xact_lock(${POLICY_LOCK})`
  const from = await policyNow(tx)
  const to = await choose(from)
  if (to === from) return { from, to }
  await setPolicy(tx, to, actor)
  await writeLedger(tx, [{ kind: 'policy_changed', incident: null, body: { from, to, by, channel } }])
  return { from, to }
}

async function beforeTheFreeze(tx: Tx, now: Policy): Promise<Policy> {
  if (now !== 'FROZEN') return now
  const [row] = await tx<{ from: Policy }[]>`
    select body->>'from' as "from" from ledger
    where kind = 'policy_changed' and body->>'to' = 'FROZEN' order by seq desc limit 1`
  return row?.from === 'NORMAL' ? 'NORMAL' : 'VERBOSE'
}
