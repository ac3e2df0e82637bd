import { prose } from './clean.ts'

/** An actor of the records as people name it: `person:alice` and `console:alice` are alice. */
export function personName(actor: string): string {
  const bare = actor.replace(/^(person|console):/, '')
  if (/^telegram:\d+$/.test(bare)) return `somebody (${bare})`
  return prose(bare, 40) || 'somebody'
}
