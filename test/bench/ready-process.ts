import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'

export interface ReadyProcess {
  /** What it printed once it was ready. */
  ready: Record<string, string>
  pid: number
  stop(): Promise<void>
}

/** Starts a Node program that prints one line of JSON when it is ready. Rejects with what it said when it ends before. */
export async function readyProcess(args: readonly string[], env: Record<string, string> = {}): Promise<ReadyProcess> {
  const child = spawn(process.execPath, args, {
    env: { PATH: process.env.PATH ?? '', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let said = ''
  child.stderr.on('data', (chunk) => {
    said = `${said}${chunk}`.slice(-4_000)
  })
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  const ready = await new Promise<Record<string, string>>((resolve, reject) => {
    createInterface({ input: child.stdout }).once('line', (line) => resolve(JSON.parse(line)))
    child.once('exit', () => reject(new Error(`${args[0]} ended before it was ready: ${said}`)))
  })
  return {
    ready,
    pid: child.pid ?? 0,
    async stop() {
      child.kill('SIGTERM')
      await ended
    },
  }
}
