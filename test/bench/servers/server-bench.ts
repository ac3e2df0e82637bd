/** One of our servers as the benches start it: in front of a simulated platform that is a process of its own. */
export interface ServerBench {
  server: string
  /** What the numbers may be at most. */
  limits: { listBytes: number; rssMb: number }
  start(): Promise<BenchPlatform>
}

export interface BenchPlatform {
  /** The server's entry point, and what it needs to find the platform. */
  main: string
  flags: readonly string[]
  env: Readonly<Record<string, string>>
  /** A look that costs the server one request to the platform. */
  look: { tool: string; args: Record<string, unknown> }
  /** That request, sent without the server: over a connection that is kept, its body read and parsed. */
  raw(): Promise<unknown>
  stop(): Promise<void>
}
