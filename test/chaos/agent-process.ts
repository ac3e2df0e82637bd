import type { ChildProcess } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { end, launch } from './processes.ts'
import type { Arm, FromAgent, ToAgent } from './protocol.ts'

export interface AgentOptions {
  env: Record<string, string>
  log: string
  /** Modules loaded before the agent: the test build with a guard off. */
  imports?: readonly string[]
}

/** One life of one agent. */
export interface AgentProcess {
  pid: number
  startedAt: number
  /** Where it listens, as soon as it does. Rejects when it ends before that. */
  ready: Promise<string>
  /** Resolves when it is gone. */
  gone: Promise<void>
  alive(): boolean
  arm(arm: Arm): void
  disarm(): void
  /** Resolves when an armed point that does not kill was reached. */
  reached(): Promise<void>
  release(): void
  signal(signal: NodeJS.Signals): void
  end(signal?: NodeJS.Signals): Promise<void>
}

const AGENT = fileURLToPath(new URL('agent.ts', import.meta.url))

export function startAgent({ env, log, imports = [] }: AgentOptions): AgentProcess {
  const args = [...imports.flatMap((module) => ['--import', module]), AGENT]
  const child: ChildProcess = launch({ args, env, log, ipc: true })
  const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  let onReached = () => {}
  let reached = new Promise<void>((resolve) => {
    onReached = resolve
  })
  const ready = new Promise<string>((resolve, reject) => {
    child.on('message', (message: FromAgent) => {
      if (message.kind === 'ready') resolve(message.url)
      if (message.kind === 'reached') onReached()
    })
    child.once('exit', (code, signal) => reject(new Error(`the agent ended (${signal ?? code}); see ${log}`)))
  })
  ready.catch(() => {})
  const send = (message: ToAgent) => {
    if (child.connected) child.send(message, () => {})
  }
  return {
    pid: child.pid ?? 0,
    startedAt: Date.now(),
    ready,
    gone,
    alive: () => child.exitCode === null && child.signalCode === null,
    arm(arm) {
      reached = new Promise<void>((resolve) => {
        onReached = resolve
      })
      send({ kind: 'arm', arm })
    },
    disarm: () => send({ kind: 'disarm' }),
    reached: () => reached,
    release: () => send({ kind: 'release' }),
    signal: (signal) => {
      child.kill(signal)
    },
    end: (signal = 'SIGKILL') => end(child, signal),
  }
}
