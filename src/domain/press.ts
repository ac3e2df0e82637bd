import type { Person } from './person.ts'

/** Somebody pressed a button, in whichever channel; the desk finds out what it means and whether it may. */
export interface Press {
  token: string
  /** Undefined: not on the list. */
  person: Person | undefined
  /** `telegram:1001` or `console:alice` */
  actor: string
  channel: 'telegram' | 'console'
  updateId?: number
  /** Where the button stood. A null message is one whose id was never learned. */
  place?: { chatId: number; threadId: number | null; messageId: number | null }
  /** What the person typed beside the button, where the plan asks for its target's name. */
  typed?: string
}

export interface PressAnswer {
  /** A short sentence for the person who pressed; the one from before for an update that came again, empty for a menu. */
  text: string
  /** Whether it must be noticed, and not just flash by. */
  alert: boolean
  url?: string
}

/** Takes presses. Never throws for what a person did: a refusal is an answer too, and recorded. */
export interface ApprovalDesk {
  press(press: Press): Promise<PressAnswer>
}
