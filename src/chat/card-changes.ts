import { nudgedIncidents } from '../incidents/announce.ts'
import { CARDS_CHANNEL } from '../incidents/wake.ts'
import type { Sql } from '../storage/postgres.ts'

/** Tells whoever asks which incidents have changed, whichever replica changed them. */
export interface CardChanges {
  subscribe(listener: (incident: number) => void): () => void
  close(): Promise<void>
}

/** Listens on the database's channel with a connection of its own, which comes back by itself after an outage. */
export async function cardChanges(sql: Sql): Promise<CardChanges> {
  const listeners = new Set<(incident: number) => void>()
  const listening = await sql.listen(CARDS_CHANNEL, (payload) => {
    for (const incident of nudgedIncidents(payload)) for (const listener of listeners) listener(incident)
  })
  return {
    subscribe(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    close: () => listening.unlisten(),
  }
}
