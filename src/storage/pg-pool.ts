import pg from 'pg'

/** The time a text is sent from which it is prepared: what is asked once would only fill the server's memory. */
const PREPARED_AT = 3
/** Texts that a connection keeps prepared at most. */
const MOST_PREPARED = 100
const SEVERAL = /;\s*\S/

/**
 * A `pg` connection for libraries that know no prepared statements: from its third time on a statement is parsed and
 * planned no more. Give it to a pool as its `Client`. A text of several statements cannot be prepared and is left alone.
 */
export class PreparingClient extends pg.Client {
  readonly #texts = new Map<string, { times: number; name: string }>()

  // The overloads of `query` cannot be written down again here; what is handed on keeps its kind.
  override query = ((...args: unknown[]) => {
    const [text, values, callback] = args
    const forward = super.query.bind(this) as (...args: unknown[]) => unknown
    const single = typeof text === 'string' && !SEVERAL.test(text)
    const name = single && Array.isArray(values) ? this.#nameOf(text) : undefined
    if (name === undefined) return forward(...args)
    return callback === undefined ? forward({ name, text, values }) : forward({ name, text, values }, callback)
  }) as pg.Client['query']

  /** The name under which a text is prepared; undefined while it is not. */
  #nameOf(text: string): string | undefined {
    const known = this.#texts.get(text)
    if (known) return ++known.times < PREPARED_AT ? undefined : known.name
    if (this.#texts.size < MOST_PREPARED) this.#texts.set(text, { times: 1, name: `watchkeeper_${this.#texts.size}` })
    return undefined
  }
}

export type PgPool = pg.Pool

/** A pool of such connections. */
export function preparingPool(options: pg.PoolConfig): PgPool {
  return new pg.Pool({ ...options, Client: PreparingClient })
}
