import type { Config } from '../config.ts'
import { OperatorError } from '../domain/errors.ts'
import { type ConfiguredServers, readMcpServers, type ServerEntries } from './mcp-servers.ts'
import { mcpToolbox, type ToolboxDeps } from './mcp-toolbox.ts'
import { ownServers, STARTED_BY } from './server-entries.ts'
import type { Toolbox } from './toolbox.ts'

type Environment = Readonly<Record<string, string | undefined>>

/**
 * The servers of this installation: those that come with it, and those of the `mcpServers` file, which may not share a name. Where
 * nothing but being a pod would start one here, the file is asked first: it may name the one that the cluster has for all replicas.
 * One that the file disables is not started for anything: where a pod's service account alone starts it, there is no variable to unset.
 */
export async function configuredServers(config: Config, env: Environment): Promise<ConfiguredServers> {
  const { servers: named, disabled }: ConfiguredServers =
    config.mcpServersFile === undefined
      ? { servers: new Map(), disabled: new Set() }
      : await readMcpServers(config.mcpServersFile, env)
  const started = ownServers({ ...config, inCluster: named.has('kubernetes') ? undefined : config.inCluster })
  const own = new Map([...started].filter(([name]) => !disabled.has(name)))
  for (const name of named.keys())
    if (own.has(name))
      throw new OperatorError(
        `${config.mcpServersFile} names a server ${name}, which ${STARTED_BY[name]} starts already. Take it out there, or unset ${STARTED_BY[name]}.`,
      )
  return { servers: new Map([...own, ...named]), disabled }
}

/** What a server accepts at most of a clock that is ahead of its own (`mcp-servers/shared`). */
const SERVER_SKEW_MS = 5_000

/** How much longer than meant a grant may serve: none on this machine, whose clock is ours. */
export function clockSkewOf(servers: ServerEntries): number {
  return [...servers.values()].some((entry) => 'url' in entry) ? SERVER_SKEW_MS : 0
}

/** Opens the tools of these servers; each is connected when it is first asked. */
export function openTools(servers: ServerEntries, deps: Omit<ToolboxDeps, 'servers' | 'clock' | 'env'>): Toolbox {
  return mcpToolbox({ ...deps, servers, clock: Date.now, env: {} })
}
