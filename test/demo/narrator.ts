import { cardChanges } from '../../src/chat/card-changes.ts'
import { cardOf, cardText } from '../../src/chat/cards/cards.ts'
import { incidentView } from '../../src/chat/incident-view.ts'
import type { IncidentView, TimelineEvent } from '../../src/domain/view.ts'
import type { Stage } from './stage.ts'

export interface Story {
  /** The incident as soon as it is so, or undefined when that takes too long. */
  until(holds: (view: IncidentView) => boolean, withinMs: number): Promise<IncidentView | undefined>
  end(): Promise<void>
}

/** Tells in the terminal what happens as it happens, and shows the card at each of its turns. */
export function narrate({ sql, app }: Stage, say: (text: string) => void): Story {
  let told = 0
  let shown = ''
  const waiters = new Set<(view: IncidentView) => void>()
  let newest: IncidentView | undefined
  let reading = Promise.resolve()

  async function look(): Promise<void> {
    const view = await incidentView(sql, 1, (id) => app.runbooks().get(id))
    if (!view) return
    for (const event of view.timeline.filter(({ id }) => id > told)) {
      told = event.id
      say(`${time(event.at)}  ${sentence(event)}`)
    }
    newest = view
    const found = view.investigations.filter(({ status }) => status === 'done').length
    const turn = `${view.incident.status} ${view.approval?.id} ${found}`
    if (shown !== turn && turns.includes(view.incident.status)) {
      shown = turn
      say(`\n${framed(cardText(cardOf(newest, { timezone: 'UTC' })))}\n`)
    }
    for (const waiter of waiters) waiter(newest)
  }

  const changes = cardChanges(sql)
  const watching = changes.then(({ subscribe }) =>
    subscribe(() => {
      reading = reading.then(look, look)
    }),
  )
  return {
    until(holds, withinMs) {
      return new Promise((resolve) => {
        const timer = setTimeout(() => finish(undefined), withinMs)
        const waiter = (view: IncidentView) => {
          if (holds(view)) finish(view)
        }
        function finish(view: IncidentView | undefined): void {
          clearTimeout(timer)
          waiters.delete(waiter)
          resolve(view)
        }
        waiters.add(waiter)
        if (newest) waiter(newest)
        reading = reading.then(look, look)
      })
    },
    async end() {
      ;(await watching)()
      await reading
      await (await changes).close()
    },
  }
}

const turns: readonly string[] = ['waiting', 'closed', 'watching']

const sentences: Record<string, string> = {
  received: 'An alert came in by webhook and became incident #1.',
  'round started': 'The agent looks at it.',
  'approval requested': 'The plan is exact and dry-run against the cluster. Its approval is asked for.',
  'approval seconded': 'One person has approved. This one takes two.',
  'plan approved': 'Approved. The permission lasts 15 minutes and covers exactly this plan.',
  'action started': 'The action is on record as started; now the tool is called, with a signed grant.',
  'verification started': 'It ran. Now the cluster and the alert must say that it helped.',
  'incident closed': 'Verified, recorded and closed.',
}

function sentence({ name, detail }: TimelineEvent): string {
  if (name === 'runbook found')
    return `The runbook ${String(detail.runbook)} is for this alert, ${String(detail.because)}.`
  if (name === 'investigation ended') return `The models have looked into it: ${String(detail.because)}.`
  return sentences[name] ?? name
}

function time(at: Date): string {
  return at.toISOString().slice(11, 19)
}

function framed(text: string): string {
  return text
    .split('\n')
    .map((line) => `  │ ${line}`)
    .join('\n')
}
