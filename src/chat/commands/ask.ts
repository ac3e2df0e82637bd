import { askNamed, askQuestion } from '../questions.ts'
import type { Command, CommandDeps, Reply } from './command.ts'

/** `/ask [#12] words`: the answer comes as a reply when it is there. */
export async function ask(
  { queue }: CommandDeps,
  { tx, person, words, incident, answerTo }: Command,
): Promise<Reply[]> {
  const named = /^#\d+\b/.test(words)
  if (named && incident === null)
    return [{ text: 'There is no incident of that number. /incidents lists what is open.' }]
  const text = named ? words.replace(/^#\d+\s*/, '') : words
  const refused = await askQuestion(tx, queue, { person, text, incident, answerTo })
  return refused === undefined ? [] : [{ text: refused }]
}

/** `/investigate [runbook] [cluster …] [minutes]`: the words are read where the clusters are known; the report comes as a reply. */
export async function investigate({ queue }: CommandDeps, { tx, person, words, answerTo }: Command): Promise<Reply[]> {
  const refused = await askNamed(tx, queue, { person, text: words, answerTo })
  return refused === undefined ? [] : [{ text: refused }]
}
