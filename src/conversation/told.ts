import type { Answer, NamedAnswer } from '../domain/answer.ts'
import { ANSWERS_CHANNEL, CARDS_CHANNEL } from '../incidents/wake.ts'
import type { Investigation } from '../investigation/investigation-rows.ts'
import type { Ended } from '../investigation/investigation-worker.ts'
import type { Tx } from '../storage/postgres.ts'

/** The end of a question: its answer, what else is written with it, and the nudges to those who show it. */
export function told(
  { id, incident }: Investigation,
  answer: Answer | NamedAnswer,
  also?: (tx: Tx) => Promise<void>,
): Ended {
  return {
    report: answer,
    recording: null,
    async tell(tx) {
      await tx`
        select pg_notify(${ANSWERS_CHANNEL}, ${id}),
          case when ${incident === null} then null else pg_notify(${CARDS_CHANNEL}, ${String(incident ?? '')}) end`
      await also?.(tx)
    },
  }
}
