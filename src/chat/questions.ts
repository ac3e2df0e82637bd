import type { EditWanted } from '../approvals/modify.ts'
import type { Person } from '../domain/person.ts'
import { type AnswerPlace, askInvestigation } from '../investigation/investigation-rows.ts'
import type { Tx } from '../storage/postgres.ts'
import type { Queue } from '../storage/queue.ts'

/** A question costs looks and perhaps money: so many an hour are taken from one person. */
export const QUESTIONS_AN_HOUR = 30
const QUESTION_MS = 120_000
/** Its own words say how long it may take. */
const NAMED_MS = 45 * 60_000
const LONGEST = 2_000

export interface AskedQuestion {
  person: Person
  text: string
  incident: number | null
  /** Where in the chat the answer goes; without it the console shows it. */
  answerTo?: AnswerPlace
}

/** Takes a question, in the transaction that took the message. Why it is not taken, in a sentence; undefined when it is. */
export async function askQuestion(tx: Tx, queue: Queue, asked: AskedQuestion): Promise<string | undefined> {
  const { person, incident, answerTo } = asked
  const text = asked.text.trim()
  if (text === '') return 'Ask in your own words, such as: /ask #12 why does it restart?'
  if (text.length > LONGEST) return `That is too long for me. Ask in at most ${LONGEST} characters.`
  const refused = await tooOften(tx, person)
  if (refused !== undefined) return refused
  const round = incident === null ? null : await roundOf(tx, incident)
  if (round === undefined) return `There is no incident #${incident}.`
  await askInvestigation(tx, queue, {
    kind: 'question',
    incident,
    round,
    askedBy: person.name,
    request: { text, deadlineMs: QUESTION_MS },
    ...(answerTo && { answerTo }),
  })
  return undefined
}

/** Takes what a person wants otherwise in a plan. Why it is not taken, in a sentence; undefined when it is. */
export async function askEdit(
  tx: Tx,
  queue: Queue,
  { person, incident, round, plan, text, answerTo }: EditWanted & { answerTo?: AnswerPlace },
): Promise<string | undefined> {
  if (text.length > LONGEST) return `That is too long for me. Say it in at most ${LONGEST} characters.`
  const refused = await tooOften(tx, person)
  if (refused !== undefined) return refused
  await askInvestigation(tx, queue, {
    kind: 'question',
    incident,
    round,
    askedBy: person.name,
    request: { text, plan, deadlineMs: QUESTION_MS },
    ...(answerTo && { answerTo }),
  })
  return undefined
}

/** Takes a named investigation by its words. Why it is not taken, in a sentence; undefined when it is. */
export async function askNamed(
  tx: Tx,
  queue: Queue,
  { person, text, answerTo }: { person: Person; text: string; answerTo: AnswerPlace },
): Promise<string | undefined> {
  if (text.length > LONGEST) return `That is too long for me. Say it in at most ${LONGEST} characters.`
  const refused = await tooOften(tx, person)
  if (refused !== undefined) return refused
  const request = { text, deadlineMs: NAMED_MS }
  await askInvestigation(tx, queue, {
    kind: 'named',
    incident: null,
    round: null,
    askedBy: person.name,
    request,
    answerTo,
  })
  return undefined
}

async function tooOften(tx: Tx, { name }: Person): Promise<string | undefined> {
  const [row] = await tx<{ times: number }[]>`
    select count(*) as times from investigations
    where asked_by = ${name} and created_at > watch_now() - interval '1 hour'`
  if ((row?.times ?? 0) < QUESTIONS_AN_HOUR) return undefined
  return `You have asked ${QUESTIONS_AN_HOUR} times within the hour. Ask again later; the cards and the console go on.`
}

async function roundOf(tx: Tx, incident: number): Promise<number | undefined> {
  const [row] = await tx<{ round: number }[]>`select round from incidents where id = ${incident}`
  return row?.round
}
