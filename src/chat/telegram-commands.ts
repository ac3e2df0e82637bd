import type { DeskOptions } from '../approvals/desk.ts'
import { freeze, thaw } from '../autonomy/freeze.ts'
import { type Policy, policyNow } from '../autonomy/policy-setting.ts'
import type { IncidentStatus } from '../domain/incident.ts'
import { actorOf, atLeast, type Person, type Role } from '../domain/person.ts'
import type { RunbookPages } from '../domain/view.ts'
import type { Announcer } from '../incidents/announce.ts'
import { type IncidentRow, toIncident } from '../incidents/incident-rows.ts'
import type { Sql, Tx } from '../storage/postgres.ts'
import type { Queue } from '../storage/queue.ts'
import { headline } from './cards/headline.ts'
import { lasting } from './cards/times.ts'
import type { OutboxLog } from './outbox/deps.ts'
import { severitySign } from './outbox/lines.ts'

export interface CommandDeps {
  sql: Sql
  queue: Queue
  announcer: Announcer
  options: DeskOptions
  runbookOf: RunbookPages
  /** A one-time link into the console for this person; undefined where there is no console. */
  consoleLink: (person: Person) => Promise<string | undefined>
  /** What is wrong with the chat itself, in sentences. */
  troubles: () => readonly string[]
  log: OutboxLog
}

/** What is answered. `html` where the text must stand as it is; `secret`: only to the person, in private. */
export interface Reply {
  text: string
  html?: string
  secret?: boolean
}

interface Command {
  tx: Tx
  person: Person
  name: string
}

/** The commands, for Telegram's menu and for /help. */
export const COMMANDS = [
  { command: 'status', description: 'How things stand', role: 'viewer' },
  { command: 'incidents', description: 'What is open, a line each', role: 'viewer' },
  { command: 'login', description: 'A link into the console, sent to you in private', role: 'viewer' },
  { command: 'freeze', description: 'Nothing runs from now on (admins)', role: 'admin' },
  { command: 'thaw', description: 'Things may run again (admins)', role: 'admin' },
  { command: 'help', description: 'This list', role: 'viewer' },
] as const satisfies readonly { command: string; description: string; role: Role }[]

/** Carries out a command in the transaction that took its update. A command nobody knows gets no answer. */
export async function carryOutCommand(deps: CommandDeps, command: Command): Promise<Reply[]> {
  const name = ALIASES[command.name] ?? command.name
  const known = COMMANDS.find((one) => one.command === name)
  if (!known) return []
  if (!atLeast(command.person.role, known.role))
    return [{ text: `That is for admins; your role is ${command.person.role}.` }]
  switch (known.command) {
    case 'status':
      return [await status(deps, command.tx)]
    case 'incidents':
      return [await incidents(deps, command.tx)]
    case 'login':
      return [await login(deps, command.person)]
    case 'freeze':
      return [await changePolicy(deps, command, freeze)]
    case 'thaw':
      return [await changePolicy(deps, command, thaw)]
    case 'help':
      return [
        { text: '', html: COMMANDS.map(({ command: word, description }) => `/${word} – ${description}`).join('\n') },
      ]
  }
}

const ALIASES: Readonly<Record<string, string>> = { start: 'help', unfreeze: 'thaw' }

/** How long the link is good for is the console's to say; that it is for one use is what matters here. */
async function login({ consoleLink }: CommandDeps, person: Person): Promise<Reply> {
  const link = await consoleLink(person)
  if (link === undefined) return { text: 'The console is switched off here.' }
  const html = `${escapeText(link)}\n\nIt works once, for you, and only for a few minutes. Do not pass it on.`
  return { text: '', html, secret: true }
}

async function status({ troubles }: CommandDeps, tx: Tx): Promise<Reply> {
  const policy = await policyNow(tx)
  const open = await tx<{ status: IncidentStatus; count: number }[]>`
    select status, count(*) as count from incidents where closed_at is null group by status order by status`
  const [outbox] = await tx<{ waiting: number; oldest: number | null }[]>`
    select count(*) as waiting, extract(epoch from watch_now() - min(created_at))::float8 * 1000 as oldest
    from outbox where sent_at is null`
  const waiting = outbox?.waiting ?? 0
  const total = open.reduce((sum, { count }) => sum + count, 0)
  const parts = open.map(({ status, count }) => `${count} ${statusWords[status]}`)
  const lines = [
    `Policy: ${policyWords[policy]}`,
    total === 0 ? 'Nothing is open.' : `Open: ${total} (${parts.join(', ')})`,
    waiting === 0
      ? 'Everything has been said here.'
      : `Still to be said here: ${waiting}, the oldest for ${lasting(outbox?.oldest ?? 0)}`,
    ...troubles(),
  ]
  return { text: lines.join('\n') }
}

const LISTED = 30

async function incidents({ runbookOf }: CommandDeps, tx: Tx): Promise<Reply> {
  const rows = await tx<IncidentRow[]>`
    select * from incidents where closed_at is null order by (severity = 'critical') desc, id desc limit ${LISTED + 1}`
  if (rows.length === 0) return { text: 'Nothing is open.' }
  const lines = rows.slice(0, LISTED).map((row) => {
    const incident = toIncident(row)
    const runbookTitle = incident.runbookId === null ? null : (runbookOf(incident.runbookId)?.title ?? null)
    return `${severitySign[incident.severity]} #${incident.id} ${headline({ ...incident, runbookTitle }, 70)}: ${statusWords[incident.status]}`
  })
  return { text: [...lines, ...(rows.length > LISTED ? ['… and more in the console'] : [])].join('\n') }
}

async function changePolicy(
  { announcer }: CommandDeps,
  { tx, person }: Command,
  change: typeof freeze,
): Promise<Reply> {
  const { from, to } = await change(tx, { actor: actorOf(person), by: person.name, channel: 'telegram' })
  if (to === from) return { text: `It is so already: ${policyWords[to]}` }
  const text =
    to === 'FROZEN'
      ? `❄ ${person.name} froze everything: nothing runs until an admin says /thaw.`
      : `☀ ${person.name} ended the freeze. ${policyWords[to]}`
  await announcer.notice(tx, { subject: 'policy', topic: 'critical', text, loud: true })
  const open = await tx<{ id: number }[]>`
    select id from incidents where status in ('open', 'waiting', 'running') order by id desc limit ${REDRAWN}`
  await announcer.card(
    tx,
    open.map(({ id }) => id),
  )
  return { text: to === 'FROZEN' ? 'Frozen, for every replica, from this moment.' : `Thawed. ${policyWords[to]}` }
}

/** Cards that say at once that everything is frozen; the others say so when they are drawn the next time. */
const REDRAWN = 20

const policyWords: Record<Policy, string> = {
  VERBOSE: 'everything is asked for (VERBOSE).',
  NORMAL: 'what has earned it runs by itself, the rest is asked for (NORMAL).',
  FROZEN: 'nothing runs until an admin says /thaw (FROZEN).',
}

const statusWords: Record<IncidentStatus, string> = {
  open: 'being looked at',
  waiting: 'waiting for an answer',
  running: 'running',
  verifying: 'being watched after a change',
  watching: 'left to people',
  snoozed: 'snoozed',
  ignored: 'ignored',
  closed: 'over',
}

function escapeText(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}
