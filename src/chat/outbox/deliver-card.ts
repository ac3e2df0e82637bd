import { liveButtons } from '../../approvals/buttons.ts'
import { sha256 } from '../../domain/json.ts'
import type { IncidentView } from '../../domain/view.ts'
import { REFUSALS } from '../../incidents/announce.ts'
import { cardOf, everyButton } from '../cards/cards.ts'
import { incidentView } from '../incident-view.ts'
import type { OutboxDeps } from './deps.ts'
import { lineHtml, plainCard } from './lines.ts'
import { type Drawn, MessengerError } from './messenger.ts'
import { giveBack, type Row, settle } from './rows.ts'
import { beginSending, delivered, forgetMessage, type Shown, sentNothing, withheld } from './shown.ts'
import { signOfLife } from './sign-of-life.ts'

const WITHHELD_MS = 15_000

interface Drawing {
  drawn: Drawn
  digest: string | null
  bodyHash: string
}

/**
 * Shows a card as its incident stands now: a new message the first time, an edit from then on, nothing where nothing has
 * changed. Afterwards the row is settled. Throws MessengerError when the messenger would not have it.
 */
export async function deliverCard(deps: OutboxDeps, row: Row, incident: number, signal: AbortSignal): Promise<void> {
  const { sql, runbookOf, outside } = deps
  const view = await incidentView(sql, incident, runbookOf, outside)
  if (!view) return await settle(sql, row, 'the incident is not there any more')
  const shown = await cardInThisChat(deps, row, incident)
  const known = shown?.messageId ?? null
  if (known !== null) {
    const edited = await editCard(
      deps,
      row,
      view,
      { messageId: known, bodyHash: shown?.bodyHash ?? null, shownDigest: shown?.shownDigest ?? null },
      signal,
    )
    if (edited) return
  }
  await sendCard(deps, row, view, { signal, uncertain: shown?.messageId === null })
}

/** Where its card stands; one in a chat that was left for another is not there any more. */
async function cardInThisChat(
  { sql, channel, messenger }: OutboxDeps,
  { shown }: Row,
  incident: number,
): Promise<Shown | undefined> {
  if (!shown) return undefined
  if (shown.chatId === messenger.chatId) return shown
  if (shown.messageId !== null) await forgetMessage(sql, { channel, incident }, shown.messageId)
  return undefined
}

/** What a message shows. */
type Showing = Pick<Shown, 'bodyHash' | 'shownDigest'> & { messageId: number }

/** False when the message is gone. */
async function editCard(
  deps: OutboxDeps,
  row: Row,
  view: IncidentView,
  { messageId, bodyHash, shownDigest }: Showing,
  signal: AbortSignal,
): Promise<boolean> {
  const { sql, channel, messenger, gate, observe } = deps
  const key = { channel, incident: view.incident.id }
  const drawing = await draw(deps, view, row)
  if (drawing.bodyHash === bodyHash) {
    await settle(sql, row)
    return true
  }
  const result = await gate.run(
    () => observe(`${channel}:edit`, () => messenger.edit(messageId, drawing.drawn)),
    signal,
  )
  if (result === 'gone') {
    await forgetMessage(sql, key, messageId)
    return false
  }
  if (result === 'withheld') {
    await withheld(sql, key, messageId)
    await drawLater(deps, row)
    return true
  }
  const { bodyHash: drawn, digest } = drawing
  if (!(await delivered(sql, key, row, { sent: { messageId }, bodyHash: drawn, digest, before: shownDigest })))
    await drawAgain(deps, row)
  return true
}

/**
 * Sends it as a new message. `uncertain`: a copy went out before and its answer was lost; then the messenger must first
 * show a sign of life, so that an outage makes one copy too many and not one for each try.
 */
async function sendCard(
  deps: OutboxDeps,
  row: Row,
  view: IncidentView,
  { signal, uncertain }: { signal: AbortSignal; uncertain: boolean },
): Promise<void> {
  const { sql, channel, messenger, topics, observe } = deps
  const key = { channel, incident: view.incident.id }
  if (uncertain) await signOfLife(deps, signal)
  const threadId = await topics.thread(topics.routeOf(view.incident))
  const sending = await beginSending(sql, key, { chatId: messenger.chatId, threadId })
  if (sending.kind === 'bound') {
    const { messageId } = sending
    if (await editCard(deps, row, view, { messageId, bodyHash: null, shownDigest: null }, signal)) return
    return await drawAgain(deps, row)
  }
  const drawing = await draw(deps, view, row)
  try {
    const sent = await deps.gate.run(
      () => observe(`${channel}:send`, () => messenger.send({ threadId, drawn: drawing.drawn, silent: !row.loud })),
      signal,
    )
    const { bodyHash, digest } = drawing
    const ours = sent.withheld
      ? await withheld(sql, key, sent.messageId)
      : await delivered(sql, key, row, { sent, bodyHash, digest, before: null })
    if (ours && sent.withheld) await drawLater(deps, row)
    if (!ours) await withdrawCopy(deps, row, sent.messageId, signal)
  } catch (error) {
    if (sending.kind === 'first' && wasNotSent(error)) await sentNothing(sql, key)
    if (error instanceof MessengerError && error.failure === 'thread_gone' && threadId !== null)
      await topics.forget(threadId)
    throw error
  }
}

/** A press has bound the copy whose answer was lost: that one stays, with fresh buttons, and this one goes. */
async function withdrawCopy(deps: OutboxDeps, row: Row, messageId: number, signal: AbortSignal): Promise<void> {
  await drawAgain(deps, row)
  await deps.gate
    .run(() => deps.messenger.retract(messageId), signal)
    .catch((error: unknown) => {
      deps.log.warn({ err: error, incident: row.incident }, 'a superfluous copy of a card could not be taken away')
    })
}

/** Its message is another by now: the same row is drawn again at once. */
async function drawAgain({ sql }: OutboxDeps, row: Row): Promise<void> {
  await giveBack(sql, row, { afterMs: 0, error: 'its message is another by now' })
}

/** The search for secrets may do better a little later. */
async function drawLater({ sql, withheldMs = WITHHELD_MS }: OutboxDeps, row: Row): Promise<void> {
  await giveBack(sql, row, { afterMs: withheldMs, error: 'the search for secrets in it failed' })
}

function wasNotSent(error: unknown): boolean {
  return !(error instanceof MessengerError) || (error.failure !== 'unknown' && error.failure !== 'failed')
}

/** A card that is refused as it is does not get better: then a plain line stands there until it has changed. */
async function draw(deps: OutboxDeps, view: IncidentView, { refusals }: Row): Promise<Drawing> {
  const { sql, draw: put, timezone, publicUrl } = deps
  if (refusals >= REFUSALS) {
    const plain = { html: lineHtml(plainCard(view, publicUrl)), keyboard: [] }
    return { drawn: plain, digest: null, bodyHash: sha256(JSON.stringify(plain)) }
  }
  const card = cardOf(view, { timezone, outside: { console: publicUrl } })
  const drawn = put(card, await liveButtons(sql, view.incident.id, everyButton(view)))
  return { drawn, digest: card.digest, bodyHash: sha256(JSON.stringify(drawn)) }
}
