import { fileURLToPath } from 'node:url'
import type { ServerEntries, ServerEntry } from './mcp-servers.ts'
import { OWN_SERVERS } from './rules.ts'

/** Where the credentials of each of our servers are; one that has none is not started here. */
export interface OwnServers {
  /** None of them has a tool that changes anything. */
  mcpReadOnly?: boolean
  /** What none of them ever changes. */
  mcpDeny?: readonly string[]
  kubeconfig?: string | undefined
  kubeconfigOperator?: string | undefined
  kubeconfigAllowExec?: boolean
  /** Where the API server is, for a pod with a service account; used where there is no kubeconfig at all. */
  inCluster?: { readonly host: string; readonly port: number } | undefined
  talosconfig?: string | undefined
  talosconfigOperator?: string | undefined
  talosSnapshotDir?: string | undefined
  proxmoxConfig?: string | undefined
  proxmoxProtectedTags?: readonly string[] | undefined
  prometheus?: { readonly url: string; readonly token: string | undefined } | undefined
  /** Where this agent serves what it knows; the knowledge server asks it there. */
  knowledgeApi?: { readonly url: string; readonly token: string } | undefined
}

/** The variable that makes each of our servers start here. */
export const STARTED_BY: Readonly<Record<string, string>> = {
  kubernetes: 'KUBECONFIG',
  proxmox: 'PROXMOX_CONFIG',
  talos: 'TALOSCONFIG',
  prometheus: 'PROMETHEUS_URL',
  knowledge: 'KNOWLEDGE_TOKEN',
}

/** The servers that come with Watchkeeper, started here by stdio for whatever credentials are configured. */
export function ownServers(own: OwnServers): ServerEntries {
  // A server is started with nothing of our environment, so what holds for all of them is handed to each.
  const limits = { MCP_READ_ONLY: own.mcpReadOnly ? '1' : undefined, MCP_DENY: list(own.mcpDeny) }
  const alone = own.kubeconfig === undefined && own.kubeconfigOperator === undefined
  const wanted = [
    own.kubeconfig !== undefined && {
      server: 'kubernetes',
      env: {
        KUBECONFIG: own.kubeconfig,
        KUBECONFIG_OPERATOR: own.kubeconfigOperator,
        KUBECONFIG_ALLOW_EXEC: own.kubeconfigAllowExec ? '1' : undefined,
      },
    },
    alone &&
      own.inCluster !== undefined && {
        server: 'kubernetes',
        account: 'the pod’s service account',
        env: {
          KUBERNETES_SERVICE_HOST: own.inCluster.host,
          KUBERNETES_SERVICE_PORT: String(own.inCluster.port),
        },
      },
    own.proxmoxConfig !== undefined && {
      server: 'proxmox',
      env: { PROXMOX_CONFIG: own.proxmoxConfig, PROXMOX_PROTECTED_TAGS: list(own.proxmoxProtectedTags) },
    },
    own.talosconfig !== undefined && {
      server: 'talos',
      env: {
        TALOSCONFIG: own.talosconfig,
        TALOSCONFIG_OPERATOR: own.talosconfigOperator,
        TALOS_SNAPSHOT_DIR: own.talosSnapshotDir,
      },
    },
    own.prometheus !== undefined && {
      server: 'prometheus',
      env: { PROMETHEUS_URL: own.prometheus.url, PROMETHEUS_TOKEN: own.prometheus.token },
    },
    own.knowledgeApi !== undefined && {
      server: 'knowledge',
      env: { WATCHKEEPER_URL: own.knowledgeApi.url, KNOWLEDGE_TOKEN: own.knowledgeApi.token },
    },
  ]
  return new Map(
    wanted.flatMap((one): [string, ServerEntry][] => {
      if (one === false) return []
      const entry = entryOf(one.server, { ...one.env, ...limits })
      return [[one.server, 'account' in one ? { ...entry, account: one.account } : entry]]
    }),
  )
}

/** The same servers without any credential: they publish all of their tools, and reach nothing. */
export function ownServersAlone(): ServerEntries {
  return new Map(OWN_SERVERS.map((server) => [server, entryOf(server, {}, ['--no-platform'])]))
}

function list(words: readonly string[] = []): string | undefined {
  return words.length > 0 ? words.join(',') : undefined
}

function entryOf(server: string, env: Readonly<Record<string, string | undefined>>, flags: readonly string[] = []) {
  const main = fileURLToPath(new URL(`../../mcp-servers/${server}/src/main.ts`, import.meta.url))
  const set = Object.entries(env).filter((entry): entry is [string, string] => entry[1] !== undefined)
  return { command: process.execPath, args: [main, ...flags], env: Object.fromEntries(set) }
}
