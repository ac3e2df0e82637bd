import { join } from 'node:path'
import { nearAddressOf } from './config/address.ts'
import { crossCheck } from './config/cross-checks.ts'
import { type Files, realFiles } from './config/files.ts'
import type { ModelPrice } from './config/models.ts'
import type { QuietHours } from './config/parsers.ts'
import { type Environment, readValues } from './config/read-values.ts'
import type { TopicPlan } from './config/topics.ts'
import { VARIABLES, type Values } from './config/variables.ts'
import { ConfigurationError, type ConfigurationProblem } from './domain/errors.ts'
import type { Mode, Signal } from './domain/inference.ts'
import type { Person } from './domain/person.ts'

export type { Environment, Files, QuietHours, TopicPlan }

export type TelegramConfig = {
  readonly botToken: string
  readonly chatId: number
  readonly apiRoot: string
  readonly mode: 'polling' | 'webhook'
  /** Always there in webhook mode. */
  readonly webhookSecret: string | undefined
  readonly ratePerMinute: number
  readonly topics: TopicPlan
}

/** Money in millionths of a US dollar. */
export type InferenceConfig = {
  /** Undefined: there is no local model. */
  readonly ollama:
    | {
        readonly host: string
        readonly model: string
        readonly contextTokens: number
        readonly parallel: number
        readonly deadlineMs: number
      }
    | undefined
  /** Undefined: no model in the cloud is ever asked. */
  readonly claude:
    | { readonly apiKey: string; readonly baseUrl: string; readonly model: string; readonly deadlineMs: number }
    | undefined
  /** What a new installation starts with. */
  readonly mode: Mode
  /** Which incidents are looked into without anybody asking. */
  readonly investigate: 'always' | 'unmatched' | 'asked'
  readonly escalateOn: readonly Signal[]
  readonly prices: Readonly<Record<string, ModelPrice>>
  readonly budget: {
    readonly incident: { readonly tokens: number; readonly microUsd: number; readonly calls: number }
    readonly day: { readonly tokens: number; readonly microUsd: number }
    readonly month: { readonly tokens: number; readonly microUsd: number }
    readonly keptForCritical: number
  }
  readonly neverLeaves: readonly { readonly label: string; readonly values: readonly string[] }[]
  readonly redactWords: readonly string[]
}

/** Everything the environment decides. Absent parts are undefined; durations are milliseconds; addresses have no slash at the end. */
export type Config = {
  readonly host: string
  readonly port: number
  readonly publicUrl: string | undefined
  readonly instanceName: string
  readonly logLevel: Values['LOG_LEVEL']
  readonly ci: boolean
  readonly workers: number
  readonly watchdogUrl: string | undefined

  /** Undefined: an embedded Postgres in `dataDir`. */
  readonly databaseUrl: string | undefined
  readonly dataDir: string

  readonly webhook: {
    /** Undefined, and no `basic` either: one is generated into `dataDir`. */
    readonly token: string | undefined
    readonly basic: { readonly username: string; readonly password: string } | undefined
    readonly maxBodyBytes: number
  }
  readonly correlationLabels: readonly string[]
  /** The cluster of alerts without a `cluster` label. */
  readonly clusterName: string

  /** Empty: only the local console's admin decides. */
  readonly people: readonly Person[]
  readonly secondPerson: 'required' | 'self'
  readonly quietHours: QuietHours | undefined
  readonly timezone: string

  readonly telegram: TelegramConfig | undefined
  readonly console: boolean
  readonly alertmanager:
    | {
        readonly url: string
        readonly token: string | undefined
        readonly receiver: string | undefined
        readonly pollMs: number
      }
    | undefined

  /** Undefined when none was named and the default does not exist. */
  readonly mcpServersFile: string | undefined
  /** Whether our own servers have no tool that changes anything. */
  readonly mcpReadOnly: boolean
  /** What our own servers never change, as they take it. */
  readonly mcpDeny: readonly string[]
  readonly kubeconfig: string | undefined
  readonly kubeconfigOperator: string | undefined
  readonly kubeconfigAllowExec: boolean
  /** Where the API server is; undefined unless this is a pod with a service account. */
  readonly inCluster: { readonly host: string; readonly port: number } | undefined
  readonly talosconfig: string | undefined
  readonly talosconfigOperator: string | undefined
  readonly talosSnapshotDir: string | undefined
  readonly proxmoxConfig: string | undefined
  readonly proxmoxProtectedTags: readonly string[] | undefined
  /** How many minutes before an alert changes are looked for; 0: not at all. */
  readonly changesMinutes: number
  /** One address or several with names, as the Prometheus server takes them. */
  readonly prometheus: { readonly url: string; readonly token: string | undefined } | undefined
  /** Where this process answers the knowledge server. Undefined without a token, and on a port that is not known before. */
  readonly knowledgeApi: { readonly url: string; readonly token: string } | undefined
  /** An Ed25519 private key in PEM. Undefined: one is generated into `dataDir`. */
  readonly grantKey: string | undefined
  readonly protectedNamespaces: readonly string[]
  readonly protectedNodes: readonly string[]
  readonly ownHost: string | undefined

  readonly knowledge: {
    /** Undefined: the index is embedded. */
    readonly qdrant: { readonly url: string; readonly apiKey: string | undefined } | undefined
    readonly ollamaHost: string | undefined
    readonly embeddingModel: string
    /** Folders of Markdown and Git checkouts. */
    readonly dirs: readonly string[]
    /** Undefined: the knowledge API is not served. */
    readonly token: string | undefined
  }
  readonly inference: InferenceConfig

  readonly reports: {
    readonly dir: string
    /** `url` may hold a token: never shown. */
    readonly git: { readonly url: string; readonly branch: string } | undefined
  }
  readonly runbooksDir: string
  /** What a new installation starts with; what people set later is in the database. */
  readonly policy: 'VERBOSE' | 'NORMAL' | 'FROZEN'
  readonly approvalTtlMs: number
  readonly authorizationTtlMs: number
  /** Multiplies the windows of verification; 1 in earnest, less in demonstrations and tests. */
  readonly verifyScale: number
}

/**
 * Reads the whole configuration, frozen. Empty variables count as unset.
 *
 * Throws one ConfigurationError that names every variable that is missing or wrong and what to set; no value is in it.
 */
export function readConfig(env: Environment, { files = realFiles }: { files?: Files } = {}): Config {
  const { values, problems } = readValues(env, files)
  const known = new Set(problems.map(({ variable }) => variable))
  problems.push(...crossCheck(values, env).filter(({ variable }) => !known.has(variable)), ...missingFiles(env, files))
  if (problems.length > 0) throw new ConfigurationError(problems)
  return freeze(assemble(values as Values, files))
}

function missingFiles(env: Environment, files: Files): ConfigurationProblem[] {
  const named = env.MCP_SERVERS_FILE?.trim()
  if (!named || files.exists(named)) return []
  return [{ variable: 'MCP_SERVERS_FILE', remedy: 'let it name a file that exists, or remove it' }]
}

function assemble(values: Values, files: Files): Config {
  return {
    host: values.HOST,
    port: values.PORT,
    publicUrl: values.PUBLIC_URL,
    instanceName: values.INSTANCE_NAME,
    logLevel: values.LOG_LEVEL,
    ci: values.CI,
    workers: values.WORKERS,
    watchdogUrl: values.WATCHDOG_URL,
    databaseUrl: values.DATABASE_URL,
    dataDir: values.DATA_DIR,
    webhook: webhookOf(values),
    correlationLabels: values.CORRELATION_LABELS,
    clusterName: values.CLUSTER_NAME,
    people: values.PEOPLE ?? [],
    secondPerson: values.SECOND_PERSON,
    quietHours: values.QUIET_HOURS,
    timezone: values.TIMEZONE,
    telegram: telegramOf(values),
    console: values.CONSOLE,
    alertmanager: alertmanagerOf(values),
    mcpServersFile: files.exists(values.MCP_SERVERS_FILE) ? values.MCP_SERVERS_FILE : undefined,
    mcpReadOnly: values.MCP_READ_ONLY,
    mcpDeny: values.MCP_DENY ?? [],
    kubeconfig: values.KUBECONFIG,
    kubeconfigOperator: values.KUBECONFIG_OPERATOR,
    kubeconfigAllowExec: values.KUBECONFIG_ALLOW_EXEC,
    inCluster: inClusterOf(values, files),
    talosconfig: values.TALOSCONFIG,
    talosconfigOperator: values.TALOSCONFIG_OPERATOR,
    talosSnapshotDir: values.TALOS_SNAPSHOT_DIR,
    proxmoxConfig: values.PROXMOX_CONFIG,
    proxmoxProtectedTags: values.PROXMOX_PROTECTED_TAGS,
    changesMinutes: values.CHANGES_MINUTES,
    prometheus:
      values.PROMETHEUS_URL === undefined ? undefined : { url: values.PROMETHEUS_URL, token: values.PROMETHEUS_TOKEN },
    knowledgeApi: knowledgeApiOf(values),
    grantKey: values.GRANT_KEY,
    protectedNamespaces: values.PROTECTED_NAMESPACES,
    protectedNodes: values.PROTECTED_NODES ?? [],
    ownHost: values.OWN_HOST,
    knowledge: {
      qdrant: values.QDRANT_URL === undefined ? undefined : { url: values.QDRANT_URL, apiKey: values.QDRANT_API_KEY },
      ollamaHost: values.OLLAMA_HOST,
      embeddingModel: values.EMBEDDING_MODEL,
      dirs: values.KNOWLEDGE_DIRS ?? [],
      token: values.KNOWLEDGE_TOKEN,
    },
    inference: inferenceOf(values),
    reports: {
      dir: values.REPORTS_DIR ?? join(values.DATA_DIR, 'reports'),
      git:
        values.REPORTS_GIT_REMOTE === undefined
          ? undefined
          : { url: values.REPORTS_GIT_REMOTE, branch: values.REPORTS_GIT_BRANCH },
    },
    runbooksDir: values.RUNBOOKS_DIR,
    policy: values.POLICY,
    approvalTtlMs: values.APPROVAL_TTL,
    authorizationTtlMs: values.AUTHORIZATION_TTL,
    verifyScale: values.VERIFY_SCALE,
  }
}

/** Where Kubernetes puts the credential of a pod. */
const SERVICE_ACCOUNT_TOKEN = '/var/run/secrets/kubernetes.io/serviceaccount/token'

function inClusterOf(values: Values, files: Files): Config['inCluster'] {
  const { KUBERNETES_SERVICE_HOST: host, KUBERNETES_SERVICE_PORT: port } = values
  return host !== undefined && files.exists(SERVICE_ACCOUNT_TOKEN) ? { host, port } : undefined
}

function knowledgeApiOf({ HOST: host, PORT: port, KNOWLEDGE_TOKEN: token }: Values): Config['knowledgeApi'] {
  if (token === undefined || port === 0) return undefined
  return { url: nearAddressOf(host, port), token }
}

function webhookOf(values: Values): Config['webhook'] {
  const { WEBHOOK_USERNAME: username, WEBHOOK_PASSWORD: password } = values
  const basic = username !== undefined && password !== undefined ? { username, password } : undefined
  return { token: values.WEBHOOK_TOKEN, basic, maxBodyBytes: values.MAX_BODY_BYTES }
}

function telegramOf(values: Values): Config['telegram'] {
  const { TELEGRAM_BOT_TOKEN: botToken, TELEGRAM_CHAT_ID: chatId } = values
  if (botToken === undefined || chatId === undefined) return undefined
  return {
    botToken,
    chatId,
    apiRoot: values.TELEGRAM_API_ROOT,
    mode: values.TELEGRAM_MODE,
    webhookSecret: values.TELEGRAM_WEBHOOK_SECRET,
    ratePerMinute: values.TELEGRAM_RATE_PER_MINUTE,
    topics: values.TELEGRAM_TOPICS,
  }
}

function alertmanagerOf(values: Values): Config['alertmanager'] {
  if (values.ALERTMANAGER_URL === undefined) return undefined
  return {
    url: values.ALERTMANAGER_URL,
    token: values.ALERTMANAGER_TOKEN,
    receiver: values.ALERTMANAGER_RECEIVER,
    pollMs: values.ALERTMANAGER_POLL_SECONDS * 1_000,
  }
}

function inferenceOf(values: Values): InferenceConfig {
  const { OLLAMA_HOST: host, ANTHROPIC_API_KEY: apiKey } = values
  return {
    ollama:
      host === undefined
        ? undefined
        : {
            host,
            model: values.OLLAMA_MODEL,
            contextTokens: values.OLLAMA_CONTEXT,
            parallel: values.OLLAMA_PARALLEL,
            deadlineMs: values.OLLAMA_DEADLINE,
          },
    claude:
      apiKey === undefined
        ? undefined
        : {
            apiKey,
            baseUrl: values.ANTHROPIC_BASE_URL,
            model: values.CLAUDE_MODEL,
            deadlineMs: values.CLAUDE_DEADLINE,
          },
    mode: values.MODEL_MODE,
    investigate: values.INVESTIGATE,
    escalateOn: values.ESCALATE_ON,
    prices: values.MODEL_PRICES,
    budget: {
      incident: {
        tokens: values.BUDGET_INCIDENT_TOKENS,
        microUsd: values.BUDGET_INCIDENT_USD,
        calls: values.BUDGET_INCIDENT_CALLS,
      },
      day: { tokens: values.BUDGET_DAY_TOKENS, microUsd: values.BUDGET_DAY_USD },
      month: { tokens: values.BUDGET_MONTH_TOKENS, microUsd: values.BUDGET_MONTH_USD },
      keptForCritical: values.BUDGET_CRITICAL_SHARE,
    },
    neverLeaves: values.NEVER_LEAVES,
    redactWords: values.REDACT_WORDS ?? [],
  }
}

/** The names of all variables, those of secret files included; for starting a child without what it must not see. */
export function configurationNames(): string[] {
  return Object.entries(VARIABLES).flatMap(([name, { secret }]: [string, { secret?: boolean }]) =>
    secret ? [name, `${name}_FILE`] : [name],
  )
}

function freeze<T>(value: T): T {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value
  for (const inner of Object.values(value)) freeze(inner)
  return Object.freeze(value)
}
