import { readFileSync } from 'node:fs'
import { ConfigurationError, type Env } from '@watchkeeper/mcp-shared'
import { z } from 'zod'

/** How the server at the other end is known: by a CA (the system's where none is given) or by its certificate's SHA-256. */
export type Trust = { ca: string | undefined } | { fingerprint: string }

/** An API token; the secret is read again from its file as it is renewed. */
export type TokenAccess = { id: string; secret: () => string }

/** One cluster with the token it is read with and the one it is changed with. */
export type ClusterAccess = {
  name: string
  url: string
  trust: Trust
  reader: TokenAccess
  operator: TokenAccess
  protectedTags: readonly string[]
}

export type AccessOptions = { env: Env; readOnly: boolean }

const DEFAULT_TAGS = ['etcd']

const Token = z.strictObject({
  token_id: z.string().regex(/^[^\s@!/:]+@[A-Za-z][\w.-]+![A-Za-z][\w.-]+$/, 'must be USER@REALM!TOKENID'),
  token_secret: z.string().min(1).optional(),
  token_secret_file: z.string().min(1).optional(),
})

const Cluster = z.strictObject({
  url: z.string(),
  ca_file: z.string().optional(),
  fingerprint: z
    .string()
    .regex(/^([0-9A-Fa-f]{2}:?){31}[0-9A-Fa-f]{2}$/, 'must be a SHA-256 fingerprint: 32 bytes in hexadecimal')
    .optional(),
  reader: Token,
  operator: Token.optional(),
  protected_tags: z.array(z.string()).optional(),
})
type Cluster = z.infer<typeof Cluster>

const File = z.strictObject({
  protected_tags: z.array(z.string()).optional(),
  clusters: z
    .record(z.string().regex(/^[A-Za-z0-9][A-Za-z0-9_.-]{0,62}$/), Cluster)
    .refine((all) => Object.keys(all).length > 0, 'must name at least one cluster'),
})

/**
 * The clusters to serve and how to reach them: from the file PROXMOX_CONFIG (YAML or JSON), or one cluster from PROXMOX_URL
 * and its kin. Asks no cluster anything. Throws `ConfigurationError` with every problem, never with a secret.
 */
export async function clusterAccess({ env, readOnly }: AccessOptions): Promise<ClusterAccess[]> {
  const problems: string[] = []
  const file = env.PROXMOX_CONFIG ? await readConfig(env.PROXMOX_CONFIG, problems) : fromEnvironment(env, problems)
  const tags = file?.protected_tags ?? (env.PROXMOX_PROTECTED_TAGS?.split(',').map((tag) => tag.trim()) || DEFAULT_TAGS)
  const found = Object.entries(file?.clusters ?? {}).map(([name, cluster]) => ({
    name,
    url: checkUrl(name, cluster.url, problems),
    trust: trustOf(name, cluster, problems),
    ...tokensOf(name, cluster, readOnly, problems),
    protectedTags: (cluster.protected_tags ?? tags).filter(Boolean).map((tag) => tag.toLowerCase()),
  }))
  if (problems.length > 0) throw new ConfigurationError([...new Set(problems)])
  return found
}

async function readConfig(path: string, problems: string[]): Promise<z.infer<typeof File> | undefined> {
  // Loaded only here: one cluster from the environment does without its memory.
  const { parse } = await import('yaml')
  let raw: unknown
  try {
    raw = parse(readFileSync(path, 'utf8'))
  } catch (error) {
    // A parser's message quotes the file, and with it a secret: only the code of a system error is repeated.
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'not YAML'
    problems.push(`PROXMOX_CONFIG: "${path}" cannot be read (${/^E[A-Z]+$/.test(code) ? code : 'not YAML'}).`)
    return undefined
  }
  const parsed = File.safeParse(raw)
  if (parsed.success) return parsed.data
  for (const { path: at, message } of parsed.error.issues)
    problems.push(`PROXMOX_CONFIG: ${at.length > 0 ? at.join('.') : 'the file'}: ${message}.`)
  return undefined
}

function fromEnvironment(env: Env, problems: string[]): z.infer<typeof File> | undefined {
  if (!env.PROXMOX_URL) {
    problems.push(
      'Set PROXMOX_URL, PROXMOX_TOKEN_ID and PROXMOX_TOKEN_SECRET (or PROXMOX_TOKEN_SECRET_FILE) for one cluster, or PROXMOX_CONFIG to a file that names several.',
    )
    return undefined
  }
  const token = (prefix: string) => ({
    token_id: env[`${prefix}TOKEN_ID`] ?? '',
    ...(env[`${prefix}TOKEN_SECRET`] ? { token_secret: env[`${prefix}TOKEN_SECRET`] } : {}),
    ...(env[`${prefix}TOKEN_SECRET_FILE`] ? { token_secret_file: env[`${prefix}TOKEN_SECRET_FILE`] } : {}),
  })
  const cluster = Cluster.safeParse({
    url: env.PROXMOX_URL,
    ...(env.PROXMOX_CA_FILE ? { ca_file: env.PROXMOX_CA_FILE } : {}),
    ...(env.PROXMOX_FINGERPRINT ? { fingerprint: env.PROXMOX_FINGERPRINT } : {}),
    reader: token('PROXMOX_'),
    ...(env.PROXMOX_OPERATOR_TOKEN_ID ? { operator: token('PROXMOX_OPERATOR_') } : {}),
  })
  if (cluster.success) return { clusters: { [env.PROXMOX_CLUSTER || 'proxmox']: cluster.data } }
  for (const { path, message } of cluster.error.issues) problems.push(`${variableOf(path.join('.'))}: ${message}.`)
  return undefined
}

function variableOf(path: string): string {
  const prefix = path.startsWith('operator') ? 'PROXMOX_OPERATOR_' : 'PROXMOX_'
  return prefix + path.replace(/^(reader|operator)\./, '').toUpperCase()
}

function checkUrl(name: string, url: string, problems: string[]): string {
  const parsed = URL.canParse(url) ? new URL(url) : undefined
  if (parsed?.protocol !== 'https:' || parsed.username || parsed.search)
    problems.push(`Cluster "${name}": its URL must be https://HOST:8006, without a user.`)
  return url
}

function trustOf(name: string, { ca_file, fingerprint }: Cluster, problems: string[]): Trust {
  if (ca_file && fingerprint) problems.push(`Cluster "${name}": give a CA file or a fingerprint, not both.`)
  if (fingerprint) return { fingerprint }
  return { ca: ca_file ? readText(ca_file, `Cluster "${name}": CA file`, problems) : undefined }
}

function tokensOf(name: string, { reader, operator }: Cluster, readOnly: boolean, problems: string[]) {
  const reading = tokenOf(`Cluster "${name}": reader`, reader, problems)
  // A read-only server never opens the operator's credential.
  if (readOnly || !operator) return { reader: reading, operator: reading }
  return { reader: reading, operator: tokenOf(`Cluster "${name}": operator`, operator, problems) }
}

function tokenOf(what: string, token: z.infer<typeof Token>, problems: string[]): TokenAccess {
  const { token_id: id, token_secret: secret, token_secret_file: file } = token
  if (secret && file) problems.push(`${what}: give the token's secret or a file with it, not both.`)
  if (secret) return { id, secret: () => secret }
  if (!file) {
    problems.push(`${what}: the token ${id} has no secret: set it, or a file that holds it.`)
    return { id, secret: () => '' }
  }
  let last = readText(file, `${what}: secret file`, problems) ?? ''
  return {
    id,
    secret() {
      // A file that is being replaced may be missing for a moment: the secret before it serves until then.
      last = readText(file, what, []) || last
      return last.trim()
    },
  }
}

function readText(path: string, what: string, problems: string[]): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unreadable'
    problems.push(`${what} "${path}" cannot be read (${code}).`)
    return undefined
  }
}
