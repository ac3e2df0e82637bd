import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { KubeConfig, type User } from '@kubernetes/client-node'
import { ConfigurationError, type Env, toggle } from '@watchkeeper/mcp-shared'

/** One context with the credential it is read with and the one it is changed with. */
export type ClusterAccess = { name: string; reader: KubeConfig; operator: KubeConfig }

export type AccessOptions = {
  env: Env
  /** Context names from `--context`; none: the current context. */
  contexts: readonly string[]
  readOnly: boolean
  /** Where a pod finds its service account. */
  serviceAccount?: string
}

const SERVICE_ACCOUNT = '/var/run/secrets/kubernetes.io/serviceaccount'

/**
 * The clusters to serve and how to reach them: from KUBECONFIG (reader) and KUBECONFIG_OPERATOR, or the pod's service
 * account where neither is set. Asks no cluster anything. Throws `ConfigurationError` with every problem, never with a credential.
 */
export function clusterAccess({
  env,
  contexts,
  readOnly,
  serviceAccount = SERVICE_ACCOUNT,
}: AccessOptions): ClusterAccess[] {
  const problems: string[] = []
  const allowExec = toggle(env, 'KUBECONFIG_ALLOW_EXEC', problems)
  const readerPath = env.KUBECONFIG || env.KUBECONFIG_OPERATOR
  if (!readerPath) {
    const inPod = env.KUBERNETES_SERVICE_HOST && existsSync(join(serviceAccount, 'token'))
    if (inPod && problems.length === 0) return [inCluster(env, serviceAccount)]
    if (!inPod)
      problems.push(
        'Set KUBECONFIG to the kubeconfig of the reader (and KUBECONFIG_OPERATOR to one that may change things).',
      )
    throw new ConfigurationError(problems)
  }
  const reader = load('KUBECONFIG', readerPath, problems)
  const operator =
    !readOnly && env.KUBECONFIG_OPERATOR ? load('KUBECONFIG_OPERATOR', env.KUBECONFIG_OPERATOR, problems) : reader
  if (!reader || !operator) throw new ConfigurationError(problems)
  const names =
    contexts.length > 0 ? [...new Set(contexts)] : reader.getCurrentContext() ? [reader.getCurrentContext()] : []
  if (names.length === 0) problems.push('KUBECONFIG has no current context: name one with --context.')
  const found = names.map((name) => ({
    name,
    reader: choose('KUBECONFIG', reader, name, { allowExec, problems }),
    operator: choose('KUBECONFIG_OPERATOR', operator, operatorContext(operator, name, names), { allowExec, problems }),
  }))
  for (const { name, reader: one, operator: other } of found)
    if (serverOf(one) !== serverOf(other))
      problems.push(
        `Context "${name}": KUBECONFIG and KUBECONFIG_OPERATOR name different API servers; one would be read and the other changed.`,
      )
  if (problems.length > 0) throw new ConfigurationError([...new Set(problems)])
  return found
}

function load(variable: string, paths: string, problems: string[]): KubeConfig | undefined {
  const merged = new KubeConfig()
  for (const path of paths.split(':').filter(Boolean)) {
    try {
      const one = new KubeConfig()
      one.loadFromFile(path)
      merged.mergeConfig(one, merged.currentContext !== undefined)
    } catch (error) {
      // A parser's message may quote the file, and with it a credential: only the code of a system error is repeated.
      const code = error instanceof Error && 'code' in error ? String(error.code) : 'not a kubeconfig'
      problems.push(`${variable}: "${path}" cannot be read (${code}).`)
      return undefined
    }
  }
  return merged
}

/** The operator's file may call its only context otherwise, as long as there is but one cluster to confuse it with. */
function operatorContext(operator: KubeConfig, name: string, names: readonly string[]): string {
  const only = operator.contexts.length === 1 && names.length === 1 ? operator.contexts[0]?.name : undefined
  return operator.getContextObject(name) ? name : (only ?? name)
}

type Checks = { allowExec: boolean; problems: string[] }

function choose(variable: string, config: KubeConfig, name: string, { allowExec, problems }: Checks): KubeConfig {
  const chosen = new KubeConfig()
  const { clusters, users, contexts } = config
  chosen.loadFromOptions({ clusters, users, contexts, currentContext: name })
  const cluster = chosen.getCurrentCluster()
  const user = chosen.getCurrentUser()
  if (!chosen.getContextObject(name))
    problems.push(
      `${variable} has no context "${name}"; it has ${contexts.map((context) => `"${context.name}"`).join(', ')}.`,
    )
  else if (!cluster || !user)
    problems.push(`${variable}: context "${name}" names a cluster or user that is not in the file.`)
  if (cluster && !/^https?:\/\//.test(cluster.server))
    problems.push(`${variable}: the server of context "${name}" must be an https:// URL.`)
  if (cluster?.server.startsWith('http://') && !cluster.skipTLSVerify)
    problems.push(
      `${variable}: context "${name}" is plain http, which shows the credential to the network. Use https, or set insecure-skip-tls-verify.`,
    )
  if (user && runsCommands(user) && !allowExec)
    problems.push(
      `${variable}: the user of context "${name}" gets its credential by running a command. Use a token or certificate, or set KUBECONFIG_ALLOW_EXEC=1.`,
    )
  return chosen
}

function runsCommands({ exec, authProvider }: User): boolean {
  const provider: unknown = authProvider
  const config = provider !== null && typeof provider === 'object' && 'config' in provider ? provider.config : undefined
  return Boolean(exec) || (config !== null && typeof config === 'object' && 'cmd-path' in config)
}

function serverOf(config: KubeConfig): string | undefined {
  return config.getCurrentCluster()?.server
}

/** The pod's own service account, the same for reading and changing; its token is read again as it is renewed. */
function inCluster(env: Env, root: string): ClusterAccess {
  const host = env.KUBERNETES_SERVICE_HOST ?? ''
  const server = `https://${host.includes(':') ? `[${host}]` : host}:${env.KUBERNETES_SERVICE_PORT ?? '443'}`
  const config = new KubeConfig()
  config.loadFromOptions({
    clusters: [{ name: 'in-cluster', server, caFile: join(root, 'ca.crt'), skipTLSVerify: false }],
    users: [
      { name: 'service-account', authProvider: { name: 'tokenFile', config: { tokenFile: join(root, 'token') } } },
    ],
    contexts: [{ name: 'in-cluster', cluster: 'in-cluster', user: 'service-account' }],
    currentContext: 'in-cluster',
  })
  return { name: 'in-cluster', reader: config, operator: config }
}
