import { freeze, thaw } from '../autonomy/freeze.ts'
import { atLeast, type Role } from '../domain/person.ts'
import { ask, investigate } from './commands/ask.ts'
import type { Command, CommandDeps, Reply } from './commands/command.ts'
import { budget, mode } from './commands/models.ts'
import { changePolicy } from './commands/policy.ts'
import { oneRunbook, runbookList } from './commands/runbooks.ts'
import { incidents, login, status } from './commands/standing.ts'

/** The commands, for Telegram's menu and for /help. */
export const COMMANDS = [
  { command: 'ask', description: 'A question: /ask #12 why does it restart?', role: 'viewer' },
  { command: 'status', description: 'How things stand', role: 'viewer' },
  { command: 'incidents', description: 'What is open, a line each', role: 'viewer' },
  { command: 'runbooks', description: 'What is known to do, and how it did', role: 'viewer' },
  { command: 'runbook', description: 'One of them: /runbook pod-oom-killed', role: 'viewer' },
  { command: 'investigate', description: 'Looks into clusters: [runbook] [cluster …] [minutes]', role: 'operator' },
  { command: 'mode', description: 'Which models are asked (admins set it)', role: 'viewer' },
  { command: 'budget', description: 'What models have cost', role: 'viewer' },
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
    return [{ text: `That is for ${known.role}s; your role is ${command.person.role}.` }]
  switch (known.command) {
    case 'ask':
      return await ask(deps, command)
    case 'status':
      return [await status(deps, command.tx)]
    case 'incidents':
      return [await incidents(deps, command.tx)]
    case 'runbooks':
      return [await runbookList(deps, command)]
    case 'runbook':
      return [await oneRunbook(deps, command)]
    case 'investigate':
      return await investigate(deps, command)
    case 'mode':
      return [await mode(deps, command)]
    case 'budget':
      return [await budget(deps, command)]
    case 'login':
      return [await login(deps, command.person)]
    case 'freeze':
      return [await changePolicy(deps, command, freeze)]
    case 'thaw':
      return [await changePolicy(deps, command, thaw)]
    case 'help':
      return [help()]
  }
}

const ALIASES: Readonly<Record<string, string>> = { start: 'help', unfreeze: 'thaw' }

function help(): Reply {
  const lines = COMMANDS.map(({ command: word, description }) => `/${word} – ${description}`)
  const talk = 'Or just ask: in reply to a card, by naming an incident in its topic, or by mentioning me.'
  return { text: '', html: [...lines, '', talk].join('\n') }
}
