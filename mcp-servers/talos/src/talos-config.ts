import { createPrivateKey, X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { ConfigurationError, type Env } from '@watchkeeper/mcp-shared'
import { parse } from 'yaml'
import { z } from 'zod'
import { type Access, roleOf } from './access.ts'

/** One credential of a context, as PEM. */
export type Credential = { ca: string; certificate: string; key: string; access: Access }

/** One context of the talosconfig with the credential it is read with and the one it is changed with. */
export type ClusterAccess = {
  name: string
  /** `host:port`, in the order of the file. */
  endpoints: readonly string[]
  /** The nodes of the context, as addresses or names. */
  nodes: readonly string[]
  reader: Credential
  operator: Credential
}

export type AccessOptions = {
  env: Env
  /** Context names from `--context`; none: the current context. */
  contexts: readonly string[]
  readOnly: boolean
}

const PORT = 50_000

const Context = z.looseObject({
  endpoints: z.array(z.string()).min(1),
  nodes: z.array(z.string()).nullish(),
  ca: z.string().min(1),
  crt: z.string().min(1),
  key: z.string().min(1),
})
const Config = z.looseObject({ context: z.string().nullish(), contexts: z.record(z.string(), z.unknown()) })
type Config = z.infer<typeof Config>

/**
 * The clusters to serve and how to reach them: from TALOSCONFIG (reader) and TALOSCONFIG_OPERATOR. Asks no node anything.
 * Throws `ConfigurationError` with every problem, never with a credential.
 *
 * The form of the file: https://docs.siderolabs.com/talos (talosconfig), PEM blocks in base64.
 */
export function clusterAccess({ env, contexts, readOnly }: AccessOptions): ClusterAccess[] {
  const problems: string[] = []
  const path = env.TALOSCONFIG || env.TALOSCONFIG_OPERATOR
  if (!path)
    throw new ConfigurationError([
      'Set TALOSCONFIG to the talosconfig of the reader (and TALOSCONFIG_OPERATOR to one that may change things).',
    ])
  const reader = load('TALOSCONFIG', path, problems)
  const separate = !readOnly && env.TALOSCONFIG_OPERATOR !== undefined && env.TALOSCONFIG_OPERATOR !== ''
  const operator = separate ? load('TALOSCONFIG_OPERATOR', env.TALOSCONFIG_OPERATOR ?? '', problems) : reader
  if (!reader || !operator) throw new ConfigurationError(problems)
  const names = contexts.length > 0 ? [...new Set(contexts)] : reader.context ? [reader.context] : []
  if (names.length === 0) problems.push('TALOSCONFIG has no current context: name one with --context.')
  const found = names.flatMap((name) => {
    const reading = choose('TALOSCONFIG', reader, name, problems)
    const operating = separate
      ? choose('TALOSCONFIG_OPERATOR', operator, operatorContext(operator, name, names), problems)
      : reading
    if (!reading || !operating) return []
    if (reading.credential.ca.trim() !== operating.credential.ca.trim())
      problems.push(
        `Context "${name}": TALOSCONFIG and TALOSCONFIG_OPERATOR trust different authorities, so they are different clusters; one would be read and the other changed.`,
      )
    const { endpoints, nodes } = reading
    return [{ name, endpoints, nodes, reader: reading.credential, operator: operating.credential }]
  })
  if (problems.length > 0) throw new ConfigurationError([...new Set(problems)])
  return found
}

function load(variable: string, path: string, problems: string[]): Config | undefined {
  try {
    return Config.parse(parse(readFileSync(path, 'utf8')))
  } catch (error) {
    // A parser's message may quote the file, and with it a key: only the code of a system error is repeated.
    const code =
      error instanceof Error && 'syscall' in error && 'code' in error ? String(error.code) : 'not a talosconfig'
    problems.push(`${variable}: "${path}" cannot be read (${code}).`)
    return undefined
  }
}

/** The operator's file may call its only context otherwise, as long as there is but one cluster to confuse it with. */
function operatorContext({ contexts }: Config, name: string, names: readonly string[]): string {
  const [only, ...more] = Object.keys(contexts)
  return !(name in contexts) && only !== undefined && more.length === 0 && names.length === 1 ? only : name
}

type Chosen = { endpoints: string[]; nodes: string[]; credential: Credential }

function choose(variable: string, { contexts }: Config, name: string, problems: string[]): Chosen | undefined {
  if (!Object.hasOwn(contexts, name)) {
    const names = Object.keys(contexts).map((other) => `"${other}"`)
    problems.push(`${variable} has no context "${name}"; it has ${names.join(', ') || 'none'}.`)
    return undefined
  }
  const parsed = Context.safeParse(contexts[name])
  if (!parsed.success) {
    const fields = [...new Set(parsed.error.issues.map(({ path }) => path[0]))].join(', ')
    problems.push(`${variable}: context "${name}" wants ${fields}; make the file anew with talosctl config new.`)
    return undefined
  }
  const endpoints = parsed.data.endpoints.map((text) => readEndpoint(text))
  const wrong = parsed.data.endpoints.filter((_, at) => endpoints[at] === undefined)
  if (wrong.length > 0)
    problems.push(
      `${variable}: context "${name}" has endpoints that are neither addresses nor names: ${wrong.join(', ')}.`,
    )
  const credential = readCredential(parsed.data)
  if (typeof credential === 'string') {
    problems.push(`${variable}: context "${name}": ${credential}`)
    return undefined
  }
  return { endpoints: endpoints.flatMap((one) => one ?? []), nodes: parsed.data.nodes ?? [], credential }
}

/** `host:port` of an endpoint, with Talos's port where it names none; undefined for anything that is no host. */
function readEndpoint(text: string): string | undefined {
  if (/^[0-9a-fA-F]*:[0-9a-fA-F:.]*:[0-9a-fA-F:.]*$/.test(text)) return `[${text}]:${PORT}`
  const [, host, port] = /^(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?)(?::\d{1,5})?$/.test(text)
    ? (/^(.*?)(?::(\d{1,5}))?$/.exec(text) ?? [])
    : []
  return host === undefined ? undefined : `${host}:${port ?? PORT}`
}

/** The parts of a context as PEM, or the sentence that says which of them cannot be used. */
function readCredential({ ca, crt, key }: z.infer<typeof Context>): Credential | string {
  try {
    const certificate = pem(crt)
    const { subject, validTo } = new X509Certificate(certificate)
    // One part a line, parts of the same level joined by a plus. (`toLegacyObject` would leave node:tls half loaded.)
    const organizations = subject.split(/\n| \+ /).flatMap((part) => (part.startsWith('O=') ? part.slice(2) : []))
    new X509Certificate(pem(ca))
    return {
      ca: pem(ca),
      certificate,
      key: usableKey(pem(key)),
      access: {
        organizations,
        role: roleOf(organizations),
        expires: new Date(validTo),
      },
    }
  } catch {
    return 'its ca, crt or key is not a PEM block in base64; make the file anew with talosctl config new.'
  }
}

/**
 * Talos labels its keys `ED25519 PRIVATE KEY`, which OpenSSL does not know; what is inside is plain PKCS#8. Throws when
 * it is not.
 */
export function usableKey(text: string): string {
  const relabelled = text.replaceAll('ED25519 PRIVATE KEY', 'PRIVATE KEY')
  createPrivateKey(relabelled)
  return relabelled
}

function pem(base64: string): string {
  return Buffer.from(base64, 'base64').toString('utf8')
}
