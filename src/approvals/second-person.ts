import type { Approval, Asks, Vote } from '../domain/approval.ts'
import type { Person } from '../domain/person.ts'

/** How long a watch of one must wait between its two presses. */
export const SELF_WAIT_MS = 60_000

/** What the votes amount to: enough, or a sentence on what is still wanted. */
export type Tally = { settled: true } | { settled: false; wants: string }

const laxToStrict: readonly Asks[] = ['one', 'self_two', 'two']

/** The higher, the more is asked for: what was approved under a laxer rule is not approved under a stricter one. */
export function strictness(asks: Asks): number {
  return laxToStrict.indexOf(asks)
}

/** What a grant has room for. */
const LONGEST_APPROVER = 200

/** Everybody on whose word it runs, as a grant names them: `person:alice,person:bob`. Who has no room is counted. */
export function approverWords(votes: readonly Vote[]): string {
  const all = [...new Set(votes.filter(({ verdict }) => verdict === 'approve').map(({ person }) => `person:${person}`))]
  for (let named = all.length; named > 0; named--) {
    const words = [...all.slice(0, named), ...(named < all.length ? [`${all.length - named} more`] : [])].join(',')
    if (words.length <= LONGEST_APPROVER) return words
  }
  return 'person:unknown'
}

/** Whether one more approving press is taken from this person, or why not. `authors`: everybody who had a hand in the plan. */
export function mayApprove(
  approval: Approval,
  authors: readonly string[],
  votes: readonly Vote[],
  person: Person,
): string | undefined {
  if (approval.asks === 'self_two') {
    const began = votes.find((vote) => vote.verdict === 'approve')?.person
    return began === undefined || began === person.name
      ? undefined
      : `${began} began this, and nobody else can confirm it. Reject it to start again.`
  }
  if (approval.asks === 'one') return undefined
  if (authors.includes(person.name)) return 'You asked for this one: two others must approve it.'
  if (votes.some((vote) => vote.verdict === 'approve' && vote.person === person.name))
    return 'Your approval is in. A second person must approve too.'
  return undefined
}

/** Counts the votes by the rule of the approval: pure, so that the table of its cases is its test. */
export function tally({ asks }: Pick<Approval, 'asks'>, votes: readonly Vote[]): Tally {
  const approving = votes.filter((vote) => vote.verdict === 'approve')
  if (asks === 'one')
    return approving.length > 0 ? { settled: true } : { settled: false, wants: 'Nobody has approved yet.' }
  if (asks === 'two') {
    const people = new Set(approving.map((vote) => vote.person))
    if (people.size < 2) return { settled: false, wants: 'Noted. A second person must approve too.' }
    if (!approving.some((vote) => vote.role === 'admin'))
      return { settled: false, wants: 'Noted. One of the two must be an admin.' }
    return { settled: true }
  }
  const first = approving[0]
  if (!first) return { settled: false, wants: 'Nobody has approved yet.' }
  const typed = votes.some((vote) => vote.verdict === 'typed' && vote.person === first.person)
  const confirmed = votes.find((vote) => vote.verdict === 'confirm' && vote.person === first.person)
  if (!typed) return { settled: false, wants: 'Noted. Now type the name of the target, wait 60 s, then press Confirm.' }
  if (!confirmed) return { settled: false, wants: 'The name is right. Press Confirm 60 s after your first press.' }
  return { settled: true }
}

/** Seconds still to wait before Confirm counts; 0 when it may. */
export function confirmIn(votes: readonly Vote[], person: string, now: Date): number {
  const first = votes.find((vote) => vote.verdict === 'approve' && vote.person === person)
  if (!first) return SELF_WAIT_MS / 1000
  return Math.max(0, Math.ceil((first.at.getTime() + SELF_WAIT_MS - now.getTime()) / 1000))
}
