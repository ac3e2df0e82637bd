import type { User } from 'grammy/types'
import type { Person } from '../domain/person.ts'

/** Who pressed or wrote, by numeric id: names can be taken by anybody. */
export interface Speaker {
  /** `telegram:1001` */
  actor: string
  /** Undefined for somebody who is not on the list. */
  person: Person | undefined
  /** Why it can be nobody's word, whoever is behind it; undefined where it is somebody's. */
  unfit: string | undefined
}

/** Administrators who write anonymously, channels, and Telegram's own service account. https://core.telegram.org/bots/api#user */
const NOBODY: Readonly<Record<number, string>> = {
  1087968824: 'an anonymous administrator',
  136817688: 'a channel',
  777000: 'Telegram itself',
}

export function speakerOf(from: User | undefined, people: readonly Person[], senderChat?: { id: number }): Speaker {
  if (!from) return { actor: `telegram:${senderChat?.id ?? 'nobody'}`, person: undefined, unfit: 'nobody' }
  const actor = `telegram:${senderChat?.id ?? from.id}`
  const unfit = NOBODY[from.id] ?? (senderChat ? 'a chat, not a person' : from.is_bot ? 'a bot' : undefined)
  const person = unfit ? undefined : people.find(({ telegramId }) => telegramId !== null && telegramId === from.id)
  return { actor, person, unfit }
}
