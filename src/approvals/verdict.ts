import { writeLedger } from '../autonomy/ledger.ts'
import { policyNow } from '../autonomy/policy-setting.ts'
import type { Approval, Vote } from '../domain/approval.ts'
import { actorOf } from '../domain/person.ts'
import { authorsOf, planDigest, shortDigest } from '../domain/plan.ts'
import type { PressAnswer } from '../domain/press.ts'
import { happened, retireButtons } from '../incidents/move.ts'
import { wake } from '../incidents/wake.ts'
import { sentTogether } from '../storage/postgres.ts'
import { authorizeByApproval, castVote, findApproval, settleApproval, votesOn } from './approval-store.ts'
import type { Pressing } from './desk.ts'
import { findPlan } from './plan-store.ts'
import { refusePress } from './refusals.ts'
import { confirmIn, mayApprove, tally } from './second-person.ts'
import { namesTarget, wantedName } from './typed-name.ts'

/** Approve, Confirm and Reject: the first commit wins, and everybody else is told who it was. */
export async function verdictOn(pressing: Pressing, verb: 'approve' | 'confirm' | 'reject'): Promise<PressAnswer> {
  const { tx, person, button, press } = pressing
  const [approval, at, policy] = await sentTogether([findApproval(tx, button.subject), now(tx), policyNow(tx)])
  if (!approval) return refusePress(tx, press, 'no such approval', 'This approval is not known here.')
  if (approval.status !== 'pending' || approval.expiresAt <= at) return await alreadyDecided(pressing, approval)
  if (verb === 'reject') return await settle(pressing, approval, 'rejected', [])
  // What is approved now would be refused at its start, and the approval be gone.
  if (policy === 'FROZEN') return { text: 'Everything is frozen. Approve this after an admin says /thaw.', alert: true }
  const [plan, known] = await sentTogether([findPlan(tx, approval.planId), votesOn(tx, approval.id)])
  if (!plan || planDigest(plan.body) !== approval.digest || plan.digest !== approval.digest)
    return await refuseChanged(pressing, approval)
  const refusal = mayApprove(approval, authorsOf(plan), known, person)
  if (refusal) return { text: refusal, alert: true }
  const { actions } = plan.body
  const named = press.typed !== undefined && namesTarget(press.typed, actions, approval)
  if (named) await castVote(tx, approval.id, { person: person.name, role: person.role, verdict: 'typed' })
  if (verb === 'confirm') {
    if (press.typed && !named)
      return { text: `That is not the name to the letter. Type: ${wantedName(actions, approval)}`, alert: true }
    if (!known.some((vote) => vote.verdict === 'approve')) return { text: 'Press Approve first.', alert: true }
    const wait = confirmIn(known, person.name, at)
    if (wait > 0) return { text: `Wait ${wait} s more, then press Confirm.`, alert: true }
  }
  const votes = await castVote(tx, approval.id, { person: person.name, role: person.role, verdict: verb })
  const count = tally(approval, votes)
  if (count.settled) return await settle(pressing, approval, 'approved', votes)
  await happened(tx, {
    incident: approval.incidentId,
    round: plan.body.round,
    name: 'approval seconded',
    actor: actorOf(person),
    key: `vote:${approval.id}:${person.name}:${verb}`,
  })
  await pressing.announcer.card(tx, [approval.incidentId])
  return { text: count.wants, alert: false }
}

async function settle(
  pressing: Pressing,
  approval: Approval,
  verdict: 'approved' | 'rejected',
  approving: readonly Vote[],
): Promise<PressAnswer> {
  const { tx, queue, announcer, person, press, options } = pressing
  const settled = await settleApproval(tx, { approval: approval.id, verdict, by: person.name })
  if (!settled) return await alreadyDecided(pressing, (await findApproval(tx, approval.id)) ?? approval)
  const round = await roundOf(pressing, approval)
  const [votes] = await sentTogether([
    verdict === 'rejected'
      ? castVote(tx, approval.id, { person: person.name, role: person.role, verdict: 'reject' })
      : authorizeByApproval(tx, settled, options.authorizationTtlMs).then(() => approving),
    // What was asked for before is overtaken by this: it must not be taken up when its moment has passed.
    tx`update requests set taken_at = watch_now() where incident_id = ${approval.incidentId} and taken_at is null`,
    retireButtons(tx, approval.incidentId),
    happened(tx, {
      incident: approval.incidentId,
      round,
      name: `plan ${verdict}`,
      actor: actorOf(person),
      detail: { plan: shortDigest(approval.digest), actions: approval.actions },
      key: `settled:${approval.id}`,
    }),
    wake(tx, queue, [approval.incidentId]),
    announcer.card(tx, [approval.incidentId], 'soon'),
  ])
  await writeLedger(tx, [
    {
      kind: 'decided',
      incident: approval.incidentId,
      key: `decided:${approval.id}`,
      body: {
        verdict,
        by: person.name,
        role: person.role,
        // All of them: what two decided must not read as the word of whoever came last.
        votes: votes.map(({ at, ...vote }) => ({ ...vote, at: at.toISOString() })),
        plan: approval.digest,
        actions: approval.actions,
        approval: approval.id,
        channel: press.channel,
      },
    },
  ])
  return { text: verdict === 'approved' ? 'Approved, running.' : 'Rejected. Nothing runs.', alert: false }
}

async function roundOf({ tx }: Pressing, approval: Approval): Promise<number> {
  return (await findPlan(tx, approval.planId))?.body.round ?? 1
}

async function alreadyDecided({ tx }: Pressing, approval: Approval): Promise<PressAnswer> {
  const lapsed = approval.status === 'pending' && approval.expiresAt <= (await now(tx))
  if (approval.status === 'expired' || lapsed)
    return { text: 'This has expired, and nothing ran. Ask for a new plan on the card.', alert: true }
  if (approval.status === 'withdrawn')
    return { text: 'This was withdrawn: the alert has cleared by itself.', alert: true }
  if (approval.status === 'superseded')
    return { text: 'A newer plan has taken its place. Use the newest card.', alert: true }
  const who = approval.decidedBy ?? 'Somebody'
  return { text: `${who} ${approval.status} this already.`, alert: false }
}

async function now(tx: Pressing['tx']): Promise<Date> {
  const [row] = await tx<{ now: Date }[]>`select watch_now() as now`
  return row?.now ?? new Date()
}

/** What is stored is not what was shown: nobody may approve it, and the graph makes the plan again. */
async function refuseChanged(
  { tx, queue, announcer, person, press }: Pressing,
  approval: Approval,
): Promise<PressAnswer> {
  await settleApproval(tx, { approval: approval.id, verdict: 'superseded', by: 'agent' })
  await retireButtons(tx, approval.incidentId)
  await wake(tx, queue, [approval.incidentId])
  await announcer.card(tx, [approval.incidentId])
  await writeLedger(tx, [
    {
      kind: 'refused',
      incident: approval.incidentId,
      body: { by: person.name, approval: approval.id, because: 'the plan is not what was shown' },
    },
  ])
  return refusePress(
    tx,
    press,
    'the plan is not what was shown',
    'The plan has changed since it was shown. I will ask again.',
  )
}
