import type { KeyObject } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { ConfigurationError } from './errors.ts'
import { readGrantKey } from './grants.ts'
import { toggle } from './toggle.ts'

export type Env = Readonly<Record<string, string | undefined>>

export type HttpConfig = {
  host: string
  port: number
  token: string
  /** Host headers accepted beside the address it listens on, for example the name of a Kubernetes service. */
  allowedHosts: readonly string[]
  /** Requests a minute for each client address. */
  requestsPerMinute: number
}

/** How one MCP server process runs. The same for every server; what is the platform's own is parsed from `own`. */
export type ServerConfig = {
  readOnly: boolean
  /** Nothing is reached: the tools can be looked at, and every call is refused. */
  noPlatform: boolean
  /** Absent: stdio. */
  http: HttpConfig | undefined
  /** Patterns from kind to id, `deployment/shop/cart`; `*` stands for any part, and a shorter pattern covers all below it. */
  deny: readonly string[]
  grantKey: KeyObject | undefined
  /** Milliseconds a call without a grant may take. */
  callTimeout: number
}

/** A flag of one server beside the common ones. Repeated and comma-separated values add up. */
export type FlagSpec = { name: string; value: string; help: string }

type Flag = FlagSpec | { name: string; value?: undefined; help: string }
export type Parsed = { config: ServerConfig; own: ReadonlyMap<string, readonly string[]>; help: boolean }

const FLAGS: readonly Flag[] = [
  { name: 'read-only', help: 'register no changing tool (MCP_READ_ONLY=1)' },
  { name: 'deny', value: 'KIND/NS/NAME…', help: 'never change these; * stands for any part (MCP_DENY)' },
  { name: 'http', value: 'HOST:PORT', help: 'serve Streamable HTTP instead of stdio (MCP_HTTP)' },
  {
    name: 'token-file',
    value: 'FILE',
    help: 'the bearer token that HTTP clients must send (MCP_TOKEN, MCP_TOKEN_FILE)',
  },
  {
    name: 'allow-host',
    value: 'NAME…',
    help: 'Host headers to accept beside the address it listens on (MCP_ALLOW_HOST)',
  },
  { name: 'rate-limit', value: 'N', help: 'HTTP requests a minute for each client, 6000 by default (MCP_RATE_LIMIT)' },
  { name: 'call-timeout', value: 'SECONDS', help: 'longest call without a grant, 30 by default (MCP_CALL_TIMEOUT)' },
  { name: 'no-platform', help: 'publish every tool and reach nothing: to look at the list without credentials' },
  { name: 'help', help: 'print this' },
]

/**
 * Reads flags and environment; flags win. Throws `ConfigurationError` with every problem at once, never with a secret's value.
 * A flag takes all values up to the next flag: `--deny a b` and `--deny a --deny b` are the same.
 */
export function parseConfig(argv: readonly string[], env: Env, own: readonly FlagSpec[] = []): Parsed {
  const problems: string[] = []
  const values = readFlags(argv, [...FLAGS, ...own], problems)
  const one = (name: string, variable: string) => values.get(name)?.at(-1) ?? (env[variable] || undefined)
  const many = (name: string, variable: string) => values.get(name) ?? split(env[variable])
  const number = (name: string, variable: string, fallback: number) => {
    const text = one(name, variable)
    if (text === undefined) return fallback
    if (/^[1-9]\d{0,6}$/.test(text)) return Number(text)
    problems.push(`--${name} (${variable}) must be a whole number above 0, not "${text}".`)
    return fallback
  }
  const requestsPerMinute = number('rate-limit', 'MCP_RATE_LIMIT', 6000)
  const address = one('http', 'MCP_HTTP')
  const allowedHosts = many('allow-host', 'MCP_ALLOW_HOST')
  const token = address === undefined ? '' : readToken(values.get('token-file')?.at(-1), env, problems)
  const config: ServerConfig = {
    readOnly: toggle(env, 'MCP_READ_ONLY', problems) || values.has('read-only'),
    noPlatform: values.has('no-platform'),
    http:
      address === undefined ? undefined : { ...readAddress(address, problems), token, allowedHosts, requestsPerMinute },
    deny: many('deny', 'MCP_DENY').map((pattern) => checkPattern(pattern, problems)),
    grantKey: readKey(env, problems),
    callTimeout: number('call-timeout', 'MCP_CALL_TIMEOUT', 30) * 1000,
  }
  const help = values.has('help')
  if (problems.length > 0 && !help) throw new ConfigurationError(problems)
  return { config, own: new Map(own.map(({ name }) => [name, values.get(name) ?? []])), help }
}

/** The text of `--help`. */
export function usage(command: string, own: readonly FlagSpec[]): string {
  const lines = [...own, ...FLAGS].map(
    ({ name, value, help }) => `  --${value ? `${name} ${value}` : name}`.padEnd(28) + help,
  )
  return [`Usage: ${command} [flags]`, ...lines, ''].join('\n')
}

function readFlags(argv: readonly string[], flags: readonly Flag[], problems: string[]): Map<string, string[]> {
  const known = new Map(flags.map((flag) => [flag.name, flag]))
  const options = Object.fromEntries(
    flags.map(({ name, value }) => [
      name,
      value ? { type: 'string' as const, multiple: true } : { type: 'boolean' as const },
    ]),
  )
  const { tokens } = parseArgs({ args: [...argv], options, strict: false, allowPositionals: true, tokens: true })
  const values = new Map<string, string[]>()
  let open: string | undefined
  for (const token of tokens) {
    if (token.kind === 'option') {
      const flag = known.get(token.name)
      if (!flag) problems.push(`${token.rawName} is not a flag of this server; --help lists them.`)
      else if (flag.value && !token.value) problems.push(`--${token.name} needs ${flag.value}.`)
      else if (!flag.value && token.value !== undefined) problems.push(`--${token.name} takes no value.`)
      const found = values.get(token.name) ?? []
      values.set(token.name, [...found, ...split(flag?.value ? token.value : undefined)])
      open = flag?.value?.endsWith('…') ? token.name : undefined
    } else if (token.kind === 'positional') {
      const found = open === undefined ? undefined : values.get(open)
      if (found) found.push(...split(token.value))
      else problems.push(`"${token.value}" belongs to no flag.`)
    }
  }
  return values
}

function split(text: string | undefined): string[] {
  return (text ?? '')
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '')
}

function readAddress(text: string, problems: string[]): { host: string; port: number } {
  const match = /^(?:(\[[0-9a-fA-F:]+\]|[A-Za-z0-9.-]+):)?(\d{1,5})$/.exec(text)
  const port = Number(match?.[2])
  if (!match || port > 65_535) problems.push(`--http must be HOST:PORT, for example 127.0.0.1:8765, not "${text}".`)
  return { host: (match?.[1] ?? '127.0.0.1').replace(/^\[|\]$/g, ''), port }
}

function readToken(file: string | undefined, env: Env, problems: string[]): string {
  const path = file ?? env.MCP_TOKEN_FILE
  const token = path ? readText(path, '--token-file', problems) : env.MCP_TOKEN
  if (token === undefined && !path)
    problems.push('HTTP needs a bearer token: give --token-file FILE, or set MCP_TOKEN.')
  else if (token !== undefined && token.trim().length < 16)
    problems.push('The bearer token is shorter than 16 characters; make one with: openssl rand -hex 32')
  return (token ?? '').trim()
}

function readKey(env: Env, problems: string[]): KeyObject | undefined {
  const path = env.WATCHKEEPER_GRANT_PUBLIC_KEY_FILE
  const text =
    env.WATCHKEEPER_GRANT_PUBLIC_KEY || (path && readText(path, 'WATCHKEEPER_GRANT_PUBLIC_KEY_FILE', problems))
  if (!text) return undefined
  try {
    return readGrantKey(text)
  } catch (error) {
    problems.push(`WATCHKEEPER_GRANT_PUBLIC_KEY: ${error instanceof Error ? error.message : 'cannot be read'}.`)
    return undefined
  }
}

function readText(path: string, name: string, problems: string[]): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unreadable'
    problems.push(`${name}: the file "${path}" cannot be read (${code}).`)
    return undefined
  }
}

function checkPattern(pattern: string, problems: string[]): string {
  if (!/^[A-Za-z0-9.*_-]+(\/[A-Za-z0-9.*_:-]+){0,3}$/.test(pattern))
    problems.push(`--deny "${pattern}" must be KIND, KIND/NAMESPACE or KIND/NAMESPACE/NAME.`)
  return pattern.toLowerCase()
}
