import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

const launcher = fileURLToPath(new URL('../../bin/watchkeeper.mjs', import.meta.url))

/** A real agent in a process of its own, started as `npm start` starts it. */
export interface AgentProcess {
  url: string
  startMs: number
  /** Resident memory now, MB. */
  rssMb(): number
  stop(): Promise<void>
}

/** Starts an agent and resolves when its table is printed, which is when it takes webhooks. */
export async function startAgent(env: Record<string, string>): Promise<AgentProcess> {
  const started = performance.now()
  const child = spawn(process.execPath, ['--max-old-space-size=512', '--max-semi-space-size=16', launcher, 'serve'], {
    env: { PATH: process.env.PATH ?? '', HOME: process.env.HOME ?? '', ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const url = await firstUrl(child)
  return {
    url,
    startMs: Math.round(performance.now() - started),
    rssMb: () => residentMb(child),
    async stop() {
      if (child.exitCode !== null) return
      child.kill('SIGTERM')
      await once(child, 'exit')
    },
  }
}

function firstUrl(child: ChildProcess): Promise<string> {
  if (!child.stdout) throw new Error('the agent has no stdout')
  const lines = createInterface({ input: child.stdout })
  return new Promise((resolve, reject) => {
    lines.on('line', (line) => {
      const url = /on watch at (\S+)/.exec(line)?.[1]
      if (url) resolve(url)
      else if (/"level":"(warn|error)"/.test(line)) process.stderr.write(`${line.slice(0, 500)}\n`)
    })
    child.once('exit', (code) => reject(new Error(`the agent ended with code ${code} before it was ready`)))
  })
}

function residentMb({ pid }: ChildProcess): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8')
  return Math.round(Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1024)
}
