import { spawn } from 'node:child_process'
import type { BenchPlatform } from './server-bench.ts'

export interface HttpServer {
  url: URL
  token: string
  pid: number
  stop(): Promise<void>
}

const TOKEN = 'bench-bearer-token-0123456789abcdef'

/** Starts a server over HTTP on any free port, its rate limit out of the way. Rejects with what it said when it does not start. */
export async function startHttp({
  main,
  flags,
  env,
}: Pick<BenchPlatform, 'main' | 'flags' | 'env'>): Promise<HttpServer> {
  const args = [main, '--http', '127.0.0.1:0', '--rate-limit', '600000', ...flags]
  const child = spawn(process.execPath, args, {
    env: { PATH: process.env.PATH ?? '', ...env, MCP_TOKEN: TOKEN },
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  let said = ''
  const url = await new Promise<URL>((resolve, reject) => {
    child.once('exit', () => reject(new Error(`${main} did not start: ${said}`)))
    child.stderr.on('data', (chunk) => {
      said = `${said}${chunk}`.slice(-4_000)
      const [, found] = /"transport":"(http[^"]+)"/.exec(said) ?? []
      if (found) resolve(new URL(found))
    })
  })
  return {
    url,
    token: TOKEN,
    pid: child.pid ?? 0,
    async stop() {
      child.kill('SIGTERM')
      await ended
    },
  }
}
