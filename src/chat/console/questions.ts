import type { Json } from '../../domain/json.ts'
import { inTransaction, type Sql } from '../../storage/postgres.ts'
import type { Queue } from '../../storage/queue.ts'
import { tellAnswer } from '../answers.ts'
import { askQuestion } from '../questions.ts'
import type { ConsoleDeps } from './ports.ts'

const SHOWN = 8

/** Questions from the console: the same rows as those from the chat, and both are shown. */
export function consoleQuestions(sql: Sql, queue: Queue): NonNullable<ConsoleDeps['questions']> {
  return {
    ask: (person, incident, text) => inTransaction(sql, (tx) => askQuestion(tx, queue, { person, text, incident })),
    async of(incident) {
      const rows = await sql<
        { by: string; text: string | null; at: Date; status: string; progress: string | null; report: Json | null }[]
      >`
        select asked_by as by, request->>'text' as text, created_at as at, status, progress, report from investigations
        where incident_id = ${incident} and kind = 'question' and status <> 'withdrawn'
        order by created_at desc limit ${SHOWN}`
      return rows.reverse().map(({ by, text, at, status, progress, report }) => ({
        by,
        text: text ?? '',
        at,
        progress: status === 'done' ? null : (progress ?? 'Looking …'),
        answer: status === 'done' ? tellAnswer(report) : null,
      }))
    },
  }
}
