import type { Drawn, Messenger } from './messenger.ts'

/** Cuts secrets out of texts that are about to leave; rejects where it cannot vouch for the result. */
export type Clean = (texts: readonly string[]) => Promise<string[]>

const WITHHELD = 'A message is withheld: the search for secrets in it failed. The console shows it.'

/**
 * The chat is somebody else's computer: everything that is shown there goes through the search for secrets first. Where that
 * fails, people are told that there is something, and no button can be pressed under what nobody can read.
 */
export function redactingMessenger(messenger: Messenger, clean: Clean): Messenger {
  const cleaned = async ({ html, keyboard }: Drawn): Promise<Drawn> => {
    const labels = keyboard.flat().map(({ text }) => text)
    try {
      const [body, ...texts] = await clean([html, ...labels])
      if (body === undefined || texts.length !== labels.length) return { html: WITHHELD, keyboard: [] }
      let next = 0
      const rows = keyboard.map((row) => row.map(({ data, text }) => ({ data, text: texts[next++] ?? text })))
      return { html: body, keyboard: rows }
    } catch {
      return { html: WITHHELD, keyboard: [] }
    }
  }
  return {
    ...messenger,
    send: async (message) => await messenger.send({ ...message, drawn: await cleaned(message.drawn) }),
    edit: async (messageId, drawn) => await messenger.edit(messageId, await cleaned(drawn)),
  }
}
