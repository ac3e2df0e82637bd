/** A message ready for its channel: text in the channel's own markup, and the buttons under it. */
export interface Drawn {
  html: string
  keyboard: { text: string; data: string }[][]
}

export interface Outgoing {
  /** The topic; null where the chat has none. */
  threadId: number | null
  drawn: Drawn
  /** Whether no phone is to buzz. */
  silent: boolean
  /** The message it answers; it is sent all the same when that one is gone. */
  replyTo?: number
  /** Opens a field to answer it for whoever it names, with this in it until they type. */
  wantsReply?: string
}

export interface Sent {
  chatId: number
  threadId: number | null
  messageId: number
  /** Something stands in its place, without buttons: what it would have shown could not be searched for secrets. */
  withheld?: true
}

/**
 * The one chat this installation speaks in, with just what the outbox asks of it. Every method throws MessengerError when
 * it fails, and nothing else.
 */
export interface Messenger {
  chatId: number
  send(message: Outgoing): Promise<Sent>
  /** `gone`: somebody deleted the message; `withheld`: as in what `send` answers. */
  edit(messageId: number, drawn: Drawn): Promise<'ok' | 'not_modified' | 'gone' | 'withheld'>
  /** Takes a superfluous copy away, or at least its buttons. */
  retract(messageId: number): Promise<void>
  /** Makes a topic and answers its id. */
  makeTopic(name: string): Promise<number>
  /** Asks for a sign of life, without any effect. */
  reach(): Promise<void>
}

/**
 * How a call failed, by what follows from it:
 * wait: refused for now, and for how long · unknown: no answer, it may have been carried out · failed: it said that it failed,
 * and hardly carried it out · unreached: it certainly was not · thread_gone: the topic is no more · refused: this message will
 * never do · closed: nothing will, until a person acts.
 */
export type Failure = 'wait' | 'unknown' | 'failed' | 'unreached' | 'thread_gone' | 'refused' | 'closed'

export class MessengerError extends Error {
  override readonly name = 'MessengerError'
  readonly failure: Failure
  /** For `wait`: milliseconds, exactly as the messenger named them. */
  readonly waitMs: number

  constructor(failure: Failure, message: string, context: { waitMs?: number; cause?: unknown } = {}) {
    super(message, { cause: context.cause })
    this.failure = failure
    this.waitMs = context.waitMs ?? 0
  }
}
