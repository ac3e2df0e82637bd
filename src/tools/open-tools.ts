import type { Config } from '../config.ts'
import { OperatorError } from '../domain/errors.ts'
import { readMcpServers, type ServerEntries } from './mcp-servers.ts'
import { mcpToolbox, type ToolboxDeps } from './mcp-toolbox.ts'
import { ownServers } from './server-entries.ts'
import type { Toolbox } from './toolbox.ts'

type Environment = Readonly<Record<string, string | undefined>>

/** The servers of this installation: those that come with it, and those of the `mcpServers` file, which may not share a name. */
export async function configuredServers(config: Config, env: Environment): Promise<ServerEntries> {
  const own = ownServers(config)
  const named = config.mcpServersFile === undefined ? new Map() : await readMcpServers(config.mcpServersFile, env)
  for (const name of named.keys())
    if (own.has(name))
      throw new OperatorError(
        `${config.mcpServersFile} names a server ${name}, which KUBECONFIG starts already. Rename it there, or unset KUBECONFIG.`,
      )
  return new Map([...own, ...named])
}

/** Opens the tools of this installation; each server is connected when it is first asked. */
export async function openTools(
  config: Config,
  env: Environment,
  deps: Omit<ToolboxDeps, 'servers' | 'clock' | 'env'>,
): Promise<Toolbox> {
  return mcpToolbox({ ...deps, servers: await configuredServers(config, env), clock: Date.now, env: {} })
}
