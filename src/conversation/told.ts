import type { Answer, NamedAnswer } from '../domain/answer.ts'
import { ANSWERS_CHANNEL, CARDS_CHANNEL } from '../incidents/wake.ts'
import type { Investigation } from '../investigation/investigation-rows.ts'
import type { Ended } from '../investigation/investigation-worker.ts'
import { json, type Tx } from '../storage/postgres.ts'

/**
 * The end of a question: its answer, what else is written with it, and the nudges to those who show it. Where `also` finds that
 * the moment has passed, the answer it gives is told instead.
 */
export function told(
  { id, incident }: Investigation,
  answer: Answer | NamedAnswer,
  also?: (tx: Tx) => Promise<Answer | undefined>,
): Ended {
  return {
    report: answer,
    recording: null,
    async tell(tx) {
      await tx`
        select pg_notify(${ANSWERS_CHANNEL}, ${id}),
          case when ${incident === null} then null else pg_notify(${CARDS_CHANNEL}, ${String(incident ?? '')}) end`
      const instead = await also?.(tx)
      if (instead) await tx`update investigations set report = ${json(tx, instead)} where id = ${id}`
    },
  }
}
