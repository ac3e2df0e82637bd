import { type Env, type FlagSpec, type Parsed, parseConfig, usage } from './config.ts'
import { ConfigurationError } from './errors.ts'
import { serve } from './serve.ts'
import type { ServerDefinition } from './toolset.ts'

export type ProgramOptions<Port> = {
  /** The command's name, for `--help`. */
  command: string
  flags: readonly FlagSpec[]
  /** What the server is at its fullest; `--no-platform` publishes this and asks for no credential. */
  about: Omit<ServerDefinition<Port>, 'ports'>
  /** Its platform, and its tools where they are fewer, from what was parsed. Throws `ConfigurationError`; asks nobody anything. */
  open: (parsed: Parsed, env: Env) => Promise<Opened<Port>> | Opened<Port>
}

export type Opened<Port> = Pick<ServerDefinition<Port>, 'ports'> & Partial<Pick<ServerDefinition<Port>, 'tools'>>

/** The process of an MCP server: flags and environment, start, signals, exit code. Configuration faults end it with 2. */
export async function runProgram<Port>(process: NodeJS.Process, options: ProgramOptions<Port>): Promise<void> {
  const { argv, env, stdin, stdout, stderr } = process
  try {
    const parsed = parseConfig(argv.slice(2), env, options.flags)
    if (parsed.help) {
      stderr.write(usage(options.command, options.flags))
      return
    }
    const opened = parsed.config.noPlatform ? { ports: new Map<string, Port>() } : await options.open(parsed, env)
    const server = await serve(
      { ...options.about, ...opened },
      { config: parsed.config, stdin, stdout, stderr, now: Date.now },
    )
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => void server.stop(signal))
    await server.closed
    process.exit(0)
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error
    stderr.write(`${options.command} cannot start:\n${error.problems.map((problem) => `- ${problem}\n`).join('')}`)
    process.exit(2)
  }
}
