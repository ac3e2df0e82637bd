import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, openSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'

/** The processes this run has started; whatever ends the run ends them, and nothing else. */
const started = new Set<ChildProcess>()

/** A killed agent is back sooner when what it is made of need not be compiled again. */
const COMPILED = join(tmpdir(), 'watchkeeper-chaos-compiled')

export interface Launch {
  args: readonly string[]
  env: Record<string, string>
  /** Takes what the process says on stderr, and on stdout where nobody reads it. */
  log: string
  ipc?: boolean
}

/** Starts a Node program. It is killed when this process ends, however that comes about. */
export function launch({ args, env, log, ipc = false }: Launch): ChildProcess {
  const out = openSync(log, 'a')
  const child = spawn(process.execPath, [...args], {
    env: { PATH: process.env.PATH ?? '', HOME: process.env.HOME ?? '', NODE_COMPILE_CACHE: COMPILED, ...env },
    stdio: ipc ? ['ignore', out, out, 'ipc'] : ['ignore', 'pipe', out],
  })
  closeSync(out)
  started.add(child)
  child.once('exit', () => started.delete(child))
  return child
}

/** Starts a simulator and gives back the line of JSON with which it says that it is ready. */
export async function launchReady<T>(launched: Launch): Promise<{ child: ChildProcess; ready: T }> {
  const child = launch(launched)
  const { stdout } = child
  if (!stdout) throw new Error('a simulator has no output to read')
  const line = await new Promise<string>((resolve, reject) => {
    createInterface({ input: stdout }).once('line', resolve)
    child.once('exit', (code) => reject(new Error(`${launched.args[0]} ended with ${code}; see ${launched.log}`)))
  })
  return { child, ready: JSON.parse(line) as T }
}

/** Ends one process of ours and waits until it is gone. */
export async function end(child: ChildProcess, signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  child.kill(signal)
  await gone
}

/** The last resort at the end of the run: nothing of ours stays behind. */
export function endAll(): void {
  for (const child of started) child.kill('SIGKILL')
}
