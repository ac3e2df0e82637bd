import type { freeze } from '../../autonomy/freeze.ts'
import { policyWords } from '../../autonomy/policy-words.ts'
import { actorOf } from '../../domain/person.ts'
import type { Command, CommandDeps, Reply } from './command.ts'

/** Freezes or thaws, and answers whoever said so. */
export async function changePolicy(
  { announcer }: CommandDeps,
  { tx, person }: Command,
  change: typeof freeze,
): Promise<Reply> {
  const { from, to } = await change(tx, announcer, { actor: actorOf(person), by: person.name, channel: 'telegram' })
  if (to === from) return { text: `It is so already: ${policyWords[to]}` }
  return { text: to === 'FROZEN' ? 'Frozen, for every replica, from this moment.' : `Thawed: ${policyWords[to]}` }
}
