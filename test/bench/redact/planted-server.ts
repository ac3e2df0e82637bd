import { type RunningServer, type ServeOptions, serve } from '../../../mcp-servers/shared/src/serve.ts'
import type { ServerDefinition } from '../../../mcp-servers/shared/src/toolset.ts'
import type { Secret } from '../redact-kinds.ts'

/** One of our servers in front of a platform in which secrets are planted wherever its kind of platform has them. */
export interface RedactBench {
  server: string
  /** Plants the texts wherever strangers' texts are found; adds what the platform hides in places of its own. */
  start(texts: readonly Secret[]): Promise<PlantedServer>
}

export interface PlantedServer {
  /** The names of its reading tools. */
  reading: readonly string[]
  serve(options: ServeOptions): Promise<RunningServer>
  /** Everything that was planted, the texts included. */
  planted: readonly Secret[]
  /** Calls of every reading tool that between them meet every place; more than one for most tools. */
  calls: readonly PlantedCall[]
  stop(): Promise<void>
}

export interface PlantedCall {
  tool: string
  args: Record<string, unknown>
  /** The platform itself may refuse this to the credential that reads; any other failure would make the search look good. */
  mayBeForbidden?: true
}

/** The part of a planted server that comes from its definition. */
export function servable<Port>(definition: ServerDefinition<Port>): Pick<PlantedServer, 'reading' | 'serve'> {
  return {
    reading: definition.tools.filter(({ effect }) => effect === 'read').map(({ name }) => name),
    serve: (options) => serve(definition, options),
  }
}
