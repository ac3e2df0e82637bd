import type { Feed } from './feed.ts'
import { type Room, toApiMessage } from './room.ts'
import { entitiesOf } from './text.ts'
import type { Button, CallbackAnswer, Person, Press, Pressed, Said, Say, SimulatedMessage } from './types.ts'

export interface People {
  press(press: Press): Pressed
  say(say: Say): Said
}

/** What people do on their phones: each becomes an update for the bot. `patienceMs`: how long a press waits for an answer. */
export function createPeople({ room, feed, patienceMs }: { room: Room; feed: Feed; patienceMs: number }): People {
  let queries = 4_400_000_000_000_000n

  function press(wanted: Press): Pressed {
    const message = room.messages.findLast(({ message_id }) => message_id === wanted.message_id)
    const data = wanted.data ?? buttonOf(message, wanted).callback_data
    queries += 1n
    const id = String(queries)
    const update = feed.push('callback_query', {
      id,
      from: asUser(wanted.from),
      ...(wanted.inline ? { inline_message_id: `inline-${id}` } : { message: pressedMessage(room, message, wanted) }),
      chat_instance: String(room.group.id * -7),
      ...(data === undefined ? {} : { data }),
    })
    const answer = new Promise<CallbackAnswer | undefined>((resolve) => {
      const timer = setTimeout(() => resolve(undefined), patienceMs).unref()
      const settle = (given: CallbackAnswer | undefined) => {
        clearTimeout(timer)
        resolve(given)
      }
      room.asking.set(id, { update_id: update.update_id, from: wanted.from.id, until: Date.now() + patienceMs, settle })
    })
    return { update_id: update.update_id, callback_query_id: id, answer }
  }

  function say(said: Say): Said {
    const chat = said.chat === 'private' ? openPrivate(room, said.from) : (said.chat ?? room.group.id)
    if (!room.chats.has(chat)) room.chats.set(chat, { id: chat, type: 'supergroup', title: 'Elsewhere' })
    const message: SimulatedMessage = {
      message_id: room.nextMessageId(),
      chat,
      thread: said.thread,
      by: 'person',
      from: asUser(said.from),
      sender_chat: said.sender_chat,
      text: said.text,
      source: said.text,
      entities: entitiesOf(said.text),
      keyboard: [],
      preview: false,
      silent: false,
      reply_to: said.reply_to,
      pinned: false,
      deleted: false,
      sent_at: Date.now(),
      edited_at: undefined,
      edits: [],
    }
    room.messages.push(message)
    const update = feed.push('message', { ...toApiMessage(room, message), ...forwardedFrom(said.forward) })
    room.changed()
    return { update_id: update.update_id, message_id: message.message_id }
  }

  return { press, say }
}

function asUser(person: Person): Person {
  return { is_bot: false, ...person }
}

function openPrivate(room: Room, { id, first_name, username }: Person): number {
  if (!room.chats.has(id)) room.chats.set(id, { id, type: 'private', first_name, ...(username ? { username } : {}) })
  return id
}

function buttonOf(message: SimulatedMessage | undefined, { message_id, text }: Press): Button {
  if (!message) throw new Error(`There is no message ${message_id} to press; give \`data\` to forge a press.`)
  const buttons = message.keyboard.flat()
  const button = buttons.find((one) => one.text === text) ?? buttons.find((one) => text && one.text.includes(text))
  if (button?.callback_data !== undefined) return button
  const there = buttons.map((one) => `"${one.text}"`).join(', ') || 'none'
  throw new Error(`Message ${message_id} has no callback button "${text}"; its buttons: ${there}.`)
}

function pressedMessage(room: Room, message: SimulatedMessage | undefined, wanted: Press): Record<string, unknown> {
  const chatId = wanted.chat ?? message?.chat ?? room.group.id
  const chat = room.chats.get(chatId) ?? { id: chatId, type: 'supergroup', title: 'Elsewhere' }
  if (wanted.inaccessible || !message || message.deleted) return { chat, message_id: wanted.message_id, date: 0 }
  return {
    ...toApiMessage(room, message),
    chat,
    ...(wanted.thread === undefined ? {} : { message_thread_id: wanted.thread, is_topic_message: true }),
    ...(wanted.forwarded ? forwardedFrom(room.me) : {}),
  }
}

function forwardedFrom(person: Person | undefined): Record<string, unknown> {
  if (!person) return {}
  const date = Math.floor(Date.now() / 1000)
  return { forward_origin: { type: 'user', sender_user: asUser(person), date } }
}
