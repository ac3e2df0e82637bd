import type { Logger } from 'pino'
import { type App, type AppOptions, startApp } from '../../src/app.ts'
import { readConfig } from '../../src/config.ts'
import { type AgentProcess, startAgent } from '../chaos/agent-process.ts'

/** An agent under test: within this process, or as one of its own that can be killed. */
export interface Agent {
  url: string
  /** Throws where it is a process of its own. */
  app(): App
  stop(): Promise<void>
  /** As `kill -9`. Throws where it is no process of its own. */
  kill(): Promise<void>
}

export interface AgentSettings {
  env: Record<string, string>
  log: Logger
  grantTtlMs: number
  observe?: AppOptions['observe']
}

export async function agentWithin({ env, log, grantTtlMs, observe }: AgentSettings): Promise<Agent> {
  const app = await startApp(readConfig(env), { log, grantTtlMs, ...(observe && { observe }) })
  return {
    url: app.url,
    app: () => app,
    stop: () => app.stop(),
    kill: async () => {
      throw new Error('this agent has no process of its own: start the watch with { process: true }')
    },
  }
}

/** `folder` takes what it says, and the trace of what it passes. */
export async function agentProcess({ env, grantTtlMs }: AgentSettings, folder: string): Promise<Agent> {
  const child: AgentProcess = startAgent({
    env: { ...env, CHAOS_TRACE: `${folder}/trace`, CHAOS_SETTINGS: JSON.stringify({ grantTtlMs }) },
    log: `${folder}/agent.log`,
  })
  return {
    url: await child.ready,
    app: () => {
      throw new Error('this agent is a process of its own')
    },
    stop: () => child.end('SIGTERM'),
    kill: () => child.end('SIGKILL'),
  }
}
