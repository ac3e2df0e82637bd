import { createHash, randomBytes } from 'node:crypto'
import type { Verb } from '../domain/approval.ts'
import type { Button, ButtonSpec } from '../domain/card.ts'
import { json, type SqlOrTx } from '../storage/postgres.ts'

/** A button as it was made: what its press means. */
export interface KnownButton {
  incident: number
  verb: Verb
  subject: string
  params: Record<string, string | number>
  usedBy: string | null
  retired: boolean
}

/** 128 random bits in 22 characters: callback data, and nothing else is in it. */
function newToken(): string {
  return randomBytes(16).toString('base64url')
}

function hashOfToken(token: string): Buffer {
  return createHash('sha256').update(token).digest()
}

/** Subject and params: two buttons of one verb that mean different things are two. */
function identity({ subject, params }: ButtonSpec): string {
  return params ? `${subject}?${Object.entries(params).sort().join('&')}` : subject
}

/**
 * Gives each button of a card its token, the same one on every channel for as long as it is live: until the incident's
 * status moves, which retires them all.
 */
export async function liveButtons(sql: SqlOrTx, incident: number, specs: readonly ButtonSpec[]): Promise<Button[]> {
  const wanted = specs.map((spec) => ({ spec, subject: identity(spec), token: newToken() }))
  const rows = wanted.map(({ spec, subject, token }) => ({
    token,
    token_hash: hashOfToken(token).toString('hex'),
    verb: spec.verb,
    subject,
    params: { ...spec.params, subject: spec.subject },
  }))
  const found = await sql<Live[]>`
    with made as (
      insert into buttons (token_hash, token, incident_id, verb, subject, params)
      select decode(token_hash, 'hex'), token, ${incident}, verb, subject, params
      from jsonb_to_recordset(${json(sql, rows)})
        as t(token text, token_hash text, verb text, subject text, params jsonb)
      on conflict (incident_id, verb, subject) where retired_at is null and used_at is null do nothing
      returning token, verb, subject)
    select token, verb, subject from made
    union all
    select token, verb, subject from buttons
    where incident_id = ${incident} and retired_at is null and used_at is null
      and not exists (select from made m where m.verb = buttons.verb and m.subject = buttons.subject)`
  const tokens = tokensOf(found)
  // Another channel may have made some in the same moment, which that statement does not see yet.
  const all = wanted.every((button) => tokens.has(nameOf(button))) ? tokens : tokensOf(await liveTokens(sql, incident))
  return wanted.flatMap((button) => {
    const token = all.get(nameOf(button))
    return token === undefined ? [] : [{ ...button.spec, token }]
  })
}

interface Live {
  token: string
  verb: string
  subject: string
}

async function liveTokens(sql: SqlOrTx, incident: number): Promise<Live[]> {
  return await sql<Live[]>`
    select token, verb, subject from buttons
    where incident_id = ${incident} and retired_at is null and used_at is null`
}

function tokensOf(live: readonly Live[]): Map<string, string> {
  return new Map(live.map(({ token, verb, subject }) => [`${verb}:${subject}`, token]))
}

function nameOf({ spec, subject }: { spec: ButtonSpec; subject: string }): string {
  return `${spec.verb}:${subject}`
}

/** What a token means. It is looked up by its hash, so that the time of the answer tells nothing about a guess. */
export async function findButton(sql: SqlOrTx, token: string): Promise<KnownButton | undefined> {
  const [row] = await sql<
    {
      incident_id: number
      verb: Verb
      params: Record<string, string | number>
      used_by: string | null
      retired_at: Date | null
    }[]
  >`select incident_id, verb, params, used_by, retired_at from buttons where token_hash = ${hashOfToken(token)}`
  if (!row) return undefined
  const { subject, ...params } = row.params
  return {
    incident: row.incident_id,
    verb: row.verb,
    subject: String(subject ?? ''),
    params,
    usedBy: row.used_by,
    retired: row.retired_at !== null,
  }
}

/** Uses a button up; false when somebody else has, or the card has moved on. */
export async function useButton(sql: SqlOrTx, token: string, by: string): Promise<boolean> {
  const { count } = await sql`
    update buttons set used_at = watch_now(), used_by = ${by}
    where token_hash = ${hashOfToken(token)} and used_at is null and retired_at is null`
  return count === 1
}
