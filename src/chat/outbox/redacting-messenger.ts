import type { Drawn, Messenger } from './messenger.ts'

/** Cuts secrets out of texts that are about to leave; rejects where it cannot vouch for the result. */
export type Clean = (texts: readonly string[]) => Promise<string[]>

const WITHHELD: Drawn = {
  html: 'A message is withheld: the search for secrets in it failed. The console shows it.',
  keyboard: [],
}

/**
 * The chat is somebody else's computer: everything that is shown there goes through the search for secrets first. Where that
 * fails, people are told that there is something, and no button can be pressed under what nobody can read; the answer says so,
 * for whoever sent it has to send it again.
 */
export function redactingMessenger(messenger: Messenger, clean: Clean): Messenger {
  const cleaned = async ({ html, keyboard }: Drawn): Promise<Drawn | undefined> => {
    const labels = keyboard.flat().map(({ text }) => text)
    try {
      const [body, ...texts] = await clean([html, ...labels])
      if (body === undefined || texts.length !== labels.length) return undefined
      let next = 0
      const rows = keyboard.map((row) => row.map(({ data, text }) => ({ data, text: texts[next++] ?? text })))
      return { html: body, keyboard: rows }
    } catch {
      return undefined
    }
  }
  return {
    ...messenger,
    async send(message) {
      const drawn = await cleaned(message.drawn)
      if (drawn) return await messenger.send({ ...message, drawn })
      return { ...(await messenger.send({ ...message, drawn: WITHHELD })), withheld: true }
    },
    async edit(messageId, drawn) {
      const clean = await cleaned(drawn)
      if (clean) return await messenger.edit(messageId, clean)
      return (await messenger.edit(messageId, WITHHELD)) === 'gone' ? 'gone' : 'withheld'
    },
  }
}
