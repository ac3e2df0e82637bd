import type { ConfigurationProblem } from '../domain/errors.ts'
import { atLeast } from '../domain/person.ts'
import type { Environment } from './read-values.ts'
import type { Values, VariableName } from './variables.ts'

type Given = { values: Partial<Values>; env: Environment }
type Check = { variable: VariableName; remedy: string; broken(given: Given): boolean }

/** What must hold between variables. Each names the one to change. */
const CHECKS: readonly Check[] = [
  {
    variable: 'TELEGRAM_CHAT_ID',
    remedy: 'set it to the numeric id of the chat, because TELEGRAM_BOT_TOKEN is set',
    broken: ({ env }) => given(env, 'TELEGRAM_BOT_TOKEN') && !given(env, 'TELEGRAM_CHAT_ID'),
  },
  {
    variable: 'TELEGRAM_BOT_TOKEN',
    remedy: 'set it to the bot’s token, because TELEGRAM_CHAT_ID is set',
    broken: ({ env }) => given(env, 'TELEGRAM_CHAT_ID') && !given(env, 'TELEGRAM_BOT_TOKEN'),
  },
  {
    variable: 'PEOPLE',
    remedy: 'say who may press what, such as alice:1001:admin, because TELEGRAM_BOT_TOKEN is set',
    broken: ({ env }) => given(env, 'TELEGRAM_BOT_TOKEN') && !given(env, 'PEOPLE'),
  },
  {
    variable: 'PEOPLE',
    remedy: 'make at least one of them an admin',
    broken: ({ values }) => (values.PEOPLE ?? []).length > 0 && !values.PEOPLE?.some(({ role }) => role === 'admin'),
  },
  {
    variable: 'SECOND_PERSON',
    remedy:
      'set it to required, or make all but one of PEOPLE viewers: self is for a watch of one, and here more than one person may decide',
    broken: ({ values }) =>
      values.SECOND_PERSON === 'self' &&
      (values.PEOPLE ?? []).filter(({ role }) => atLeast(role, 'operator')).length > 1,
  },
  {
    variable: 'PUBLIC_URL',
    remedy: 'set it to the https:// address that Telegram can reach, because TELEGRAM_MODE is webhook',
    broken: ({ values, env }) =>
      values.TELEGRAM_MODE === 'webhook' &&
      (!given(env, 'PUBLIC_URL') || values.PUBLIC_URL?.startsWith('http:') === true),
  },
  {
    variable: 'TELEGRAM_WEBHOOK_SECRET',
    remedy: 'set it to 1 to 256 of the characters A-Z a-z 0-9 _ -, because TELEGRAM_MODE is webhook',
    broken: ({ values, env }) => values.TELEGRAM_MODE === 'webhook' && !given(env, 'TELEGRAM_WEBHOOK_SECRET'),
  },
  {
    variable: 'MODEL_PRICES',
    remedy:
      'add the price of the model in CLAUDE_MODEL, such as claude-sonnet-5-5=3/15, because ANTHROPIC_API_KEY is set',
    broken: ({ values, env }) =>
      given(env, 'ANTHROPIC_API_KEY') && !Object.hasOwn(values.MODEL_PRICES ?? {}, values.CLAUDE_MODEL ?? ''),
  },
  {
    variable: 'WEBHOOK_PASSWORD',
    remedy: 'set it, because WEBHOOK_USERNAME is set',
    broken: ({ env }) => given(env, 'WEBHOOK_USERNAME') && !given(env, 'WEBHOOK_PASSWORD'),
  },
  {
    variable: 'WEBHOOK_USERNAME',
    remedy: 'set it, because WEBHOOK_PASSWORD is set',
    broken: ({ env }) => given(env, 'WEBHOOK_PASSWORD') && !given(env, 'WEBHOOK_USERNAME'),
  },
]

export function crossCheck(values: Partial<Values>, env: Environment): ConfigurationProblem[] {
  return CHECKS.filter(({ broken }) => broken({ values, env })).map(({ variable, remedy }) => ({ variable, remedy }))
}

/** Whether somebody tried to set it, by itself or by a file; whether the value is right is told elsewhere. */
function given(env: Environment, name: VariableName): boolean {
  return Boolean(env[name]?.trim() || env[`${name}_FILE`]?.trim())
}
