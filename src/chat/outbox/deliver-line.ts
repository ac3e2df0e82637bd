import type { IncidentView } from '../../domain/view.ts'
import type { PingKind } from '../../incidents/announce.ts'
import { pingOf } from '../cards/cards.ts'
import { incidentView } from '../incident-view.ts'
import type { OutboxDeps } from './deps.ts'
import { closingLine, lineHtml, stillTrue } from './lines.ts'
import { MessengerError } from './messenger.ts'
import { quietUntil } from './quiet.ts'
import { giveBack, type Row, settle } from './rows.ts'
import { showAnew } from './shown.ts'
import { signOfLife } from './sign-of-life.ts'

/** How a ping is marked that waits for the end of the quiet hours. */
export const HELD = 'held for the quiet hours'

/** A short loud line beside its card. In quiet hours it waits, unless it is about something critical. */
export async function deliverPing(deps: OutboxDeps, row: Row, incident: number, signal: AbortSignal): Promise<void> {
  const { sql, runbookOf, timezone, quietHours } = deps
  const view = await incidentView(sql, incident, runbookOf, deps.outside)
  const kind = (row.text ?? '') as PingKind
  if (!view || !stillTrue(view, kind)) return await settle(sql, row, 'it no longer holds')
  const end = quietUntil(quietHours, timezone, view.now)
  if (end && view.incident.severity !== 'critical')
    return await giveBack(sql, row, { afterMs: end.getTime() - view.now.getTime(), error: HELD })
  const card = row.shown
  const replyTo = card?.messageId ?? undefined
  const threadId = card ? card.threadId : await deps.topics.thread(deps.topics.routeOf(view.incident))
  try {
    await say(deps, row, { threadId, text: pingOf(view, kind), silent: false, replyTo }, signal)
  } catch (error) {
    // The card went with its topic: it comes again elsewhere, and takes this along.
    if (isThreadGone(error) && threadId !== null && replyTo !== undefined)
      await showAnew(sql, { channel: deps.channel, incident }, replyTo)
    throw error
  }
  await settle(sql, row)
}

/** A line of its own in a topic. What closes an incident is written when it is sent, and only while it is closed. */
export async function deliverNotice(deps: OutboxDeps, row: Row, signal: AbortSignal): Promise<void> {
  const { sql, topics, timezone, quietHours } = deps
  const view = row.incident === null ? undefined : await incidentView(sql, row.incident, deps.runbookOf, deps.outside)
  const closing = row.subject.startsWith('closed:')
  if (closing && view?.incident.status !== 'closed') return await settle(sql, row, 'it is open again')
  const text = closing && view ? closingLine(view) : (row.text ?? '')
  if (text === '') return await settle(sql, row, 'there is nothing to say')
  const quiet = quietUntil(quietHours, timezone, view?.now ?? new Date()) !== null
  const loud = row.loud && (!quiet || isCritical(view) || row.topic === 'critical')
  const threadId = await topics.thread(row.topic ?? topics.fallback)
  await say(deps, row, { threadId, text, silent: !loud }, signal)
  await settle(sql, row)
}

interface Line {
  threadId: number | null
  text: string
  silent: boolean
  replyTo?: number | undefined
}

async function say(
  deps: OutboxDeps,
  row: Row,
  { threadId, text, silent, replyTo }: Line,
  signal: AbortSignal,
): Promise<void> {
  const { channel, gate, messenger, observe, topics } = deps
  const message = {
    threadId,
    drawn: { html: lineHtml(text), keyboard: [] },
    silent,
    ...(replyTo !== undefined && { replyTo }),
  }
  if (row.unanswered > 0 || gate.doubtful) await signOfLife(deps, signal)
  try {
    await gate.run(() => observe(`${channel}:send`, () => messenger.send(message)), signal)
  } catch (error) {
    if (isThreadGone(error) && threadId !== null) await topics.forget(threadId)
    throw error
  }
}

function isThreadGone(error: unknown): boolean {
  return error instanceof MessengerError && error.failure === 'thread_gone'
}

function isCritical(view: IncidentView | undefined): boolean {
  return view?.incident.severity === 'critical'
}
