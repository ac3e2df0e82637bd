import type { IncidentView } from '../../domain/view.ts'
import { personName } from './people.ts'
import { attempts } from './state.ts'
import type { At } from './times.ts'

/** What happened, in one line: `02:21 anna approved → 02:22 changed → 02:43 verified`. Empty before anything was decided. */
export function happened(view: IncidentView, at: At): string {
  return [decidedPart(view, at), ranPart(view, at), endPart(view, at)].filter((part) => part !== '').join(' → ')
}

/** Until when the outcome is watched: from the end of the last step, or from where the alert cleared. */
export function watchUntil(view: IncidentView): Date {
  const ran = lastFinish(view) ?? view.now
  const cleared = view.firing === 0 ? latest(view.alerts.map(({ endsAt }) => endsAt)) : undefined
  const ends = (view.plan?.body.verify ?? []).map((clause) => {
    if (clause.kind === 'tool') return ran.getTime() + clause.withinMs
    const from = cleared ? Math.max(cleared.getTime(), ran.getTime()) : ran.getTime() + clause.withinMs
    return from + clause.forMs
  })
  return new Date(Math.max(ran.getTime(), ...ends))
}

function decidedPart({ approval }: IncidentView, at: At): string {
  if (!approval?.decidedAt) return ''
  const when = at(approval.decidedAt)
  if (approval.status === 'approved') return `${when} ${personName(approval.decidedBy ?? '')} approved`
  if (approval.status === 'rejected') return `${when} ${personName(approval.decidedBy ?? '')} rejected`
  return approval.status === 'expired' ? `${when} the question ended` : ''
}

function ranPart(view: IncidentView, at: At): string {
  const effects = attempts(view).flatMap(({ effect }) => (effect ? [effect] : []))
  const doubt = effects.find(({ status }) => status === 'in_doubt')
  if (doubt?.startedAt) return `${at(doubt.startedAt)} sent, no answer`
  const failed = effects.find(({ status }) => status === 'failed')
  if (failed) return `${at(failed.finishedAt ?? failed.startedAt ?? view.now)} failed`
  const running = effects.find(({ status }) => status === 'started')
  if (running?.startedAt) return `${at(running.startedAt)} running`
  const finish = lastFinish(view)
  return finish ? `${at(finish)} changed` : ''
}

function endPart({ incident }: IncidentView, at: At): string {
  return incident.outcome === 'fixed' && incident.closedAt ? `${at(incident.closedAt)} verified` : ''
}

function lastFinish(view: IncidentView): Date | undefined {
  return latest(attempts(view).map(({ effect }) => (effect?.status === 'done' ? effect.finishedAt : null)))
}

function latest(dates: readonly (Date | null)[]): Date | undefined {
  const known = dates.filter((date) => date !== null)
  return known.length === 0 ? undefined : new Date(Math.max(...known.map((date) => date.getTime())))
}
