import type { freeze } from '../../autonomy/freeze.ts'
import { actorOf } from '../../domain/person.ts'
import type { Command, CommandDeps, Reply } from './command.ts'
import { policyWords } from './words.ts'

/** Freezes or thaws: everybody is told, and the cards say so. */
export async function changePolicy(
  { announcer }: CommandDeps,
  { tx, person }: Command,
  change: typeof freeze,
): Promise<Reply> {
  const { from, to } = await change(tx, { actor: actorOf(person), by: person.name, channel: 'telegram' })
  if (to === from) return { text: `It is so already: ${policyWords[to]}` }
  const text =
    to === 'FROZEN'
      ? `❄ ${person.name} froze everything: nothing runs until an admin says /thaw.`
      : `☀ ${person.name} ended the freeze. ${policyWords[to]}`
  await announcer.notice(tx, { subject: 'policy', topic: 'critical', text, loud: true })
  const open = await tx<{ id: number }[]>`
    select id from incidents where status in ('open', 'waiting', 'running') order by id desc limit ${REDRAWN}`
  await announcer.card(
    tx,
    open.map(({ id }) => id),
  )
  return { text: to === 'FROZEN' ? 'Frozen, for every replica, from this moment.' : `Thawed. ${policyWords[to]}` }
}

/** Cards that say at once that everything is frozen; the others say so when they are drawn the next time. */
const REDRAWN = 20
