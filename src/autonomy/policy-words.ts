import type { Policy } from './policy-setting.ts'

/** What each policy means, as a sentence for people in the chat. */
export const policyWords: Record<Policy, string> = {
  VERBOSE: 'everything is asked for (VERBOSE).',
  NORMAL: 'what has earned it runs by itself, the rest is asked for (NORMAL).',
  FROZEN: 'nothing runs until an admin says /thaw (FROZEN).',
}
