import type { z } from 'zod'
import type { Log } from './log.ts'

/** `write` changes something a person can live with; `destructive` may cost data or service. */
export type Effect = 'read' | 'write' | 'destructive'

/** What a call is handed beside its arguments. */
export type ToolContext<Port> = {
  /** Aborted when the caller cancels, the grant or the deadline runs out, or the server stops. Hand it to every vendor call. */
  signal: AbortSignal
  /** The effect id of the grant: present on a real change, absent on reads and dry runs. Mark the platform with it. */
  effect?: string
  log: Log
  /** Unix milliseconds. */
  now: () => number
  /** Tells the caller how far long work has come; does nothing when the caller did not ask. */
  progress: (done: number, total?: number, message?: string) => void
  /** Throws `refused` when the deny list covers something the call would touch beside its target, such as a node's pods. */
  spare: (target: readonly string[]) => void
  /** Every configured cluster by name, for tools that list them. */
  ports: ReadonlyMap<string, Port>
}

/** What a probe found after a call whose answer was lost. */
export type Probed = { state: 'done' | 'not_done' | 'unknown'; because: string }

type Common<Input extends z.ZodObject, Output extends z.ZodObject, Port> = {
  /** snake_case, a verb first where it changes something. */
  name: string
  title: string
  /** What it does and when to use it, for a model and for a person; nothing that the schema says already. */
  description: string
  /** A strict object: unknown arguments are refused. `cluster` is added by the kit where there are several. */
  input: Input
  output: Output
  /** The answer carries text that strangers may have written (logs, events): published so that clients frame it as data. */
  untrusted?: boolean
  run(input: z.output<Input>, port: Port, context: ToolContext<Port>): Promise<z.input<Output>>
}

export type ReadTool<Input extends z.ZodObject, Output extends z.ZodObject, Port> = Common<Input, Output, Port> & {
  effect: 'read'
}

export type ChangingTool<Input extends z.ZodObject, Output extends z.ZodObject, Port> = Common<Input, Output, Port> & {
  effect: 'write' | 'destructive'
  /** Whether a later call can put things back as they were. */
  undoable: boolean
  /** Whether the same call again changes nothing more. */
  idempotent?: boolean
  /** For arguments that raise the risk. Never above what `highest` publishes. */
  effectOf?(input: z.output<Input>): 'write' | 'destructive'
  /** The highest answer of `effectOf`; published instead of `effect`. */
  highest?: 'write' | 'destructive'
  /** What the call acts on, for the deny list: from the kind to the id, for example `['deployment', 'shop', 'cart']`. */
  target(input: z.output<Input>): readonly string[]
  /** Finds out whether the change of this effect id took place; only reads. Throws when the platform cannot be asked. */
  probe(input: z.output<Input>, port: Port, context: ToolContext<Port> & { effect: string }): Promise<Probed>
}

/** A defined tool with its argument types erased, so that tools of one port make one list. Calls go through `callTool`. */
export type Tool<Port> = {
  readonly name: string
  readonly title: string
  readonly description: string
  readonly input: z.ZodObject
  readonly output: z.ZodObject
  readonly untrusted: boolean
  /** The published effect: the highest it can have. */
  readonly effect: Effect
  readonly run: (input: unknown, port: Port, context: ToolContext<Port>) => Promise<Record<string, unknown>>
  /** Undefined for a tool that only reads. */
  readonly change: Change<Port> | undefined
}

type Change<Port> = {
  readonly undoable: boolean
  readonly idempotent: boolean
  readonly dryRun: boolean
  readonly effectOf: (input: unknown) => 'write' | 'destructive'
  readonly target: (input: unknown) => readonly string[]
  readonly probe: (input: unknown, port: Port, context: ToolContext<Port> & { effect: string }) => Promise<Probed>
}

/**
 * Binds `defineTool` to a server's port, so that each tool file names its schemas only.
 *
 * The definition is checked as it is made; a mistake is one sentence at start, not a surprise in a call.
 */
export function toolsFor<Port>() {
  return function defineTool<Input extends z.ZodObject, Output extends z.ZodObject>(
    definition: ReadTool<Input, Output, Port> | ChangingTool<Input, Output, Port>,
  ): Tool<Port> {
    const { name, title, description, output } = definition
    const input = definition.input.strict()
    if (!/^[a-z][a-z0-9_]{1,47}$/.test(name)) throw new Error(`Tool "${name}": its name must be snake_case.`)
    if ('cluster' in input.shape) throw new Error(`Tool "${name}": leave "cluster" to the kit.`)
    // Arguments reach `run` only after `input` parsed them, which is what makes these casts true.
    const run = definition.run as Tool<Port>['run']
    const common = { name, title, description, input, output, run, untrusted: definition.untrusted ?? false }
    if (definition.effect === 'read') return { ...common, effect: 'read', change: undefined }
    const { effect, effectOf } = definition
    if (effectOf && !definition.highest)
      throw new Error(`Tool "${name}": effectOf needs "highest", which is published.`)
    const change = {
      undoable: definition.undoable,
      idempotent: definition.idempotent ?? false,
      dryRun: 'dry_run' in input.shape,
      effectOf: (effectOf ?? (() => effect)) as Change<Port>['effectOf'],
      target: definition.target as Change<Port>['target'],
      probe: definition.probe as Change<Port>['probe'],
    }
    return { ...common, effect: definition.highest ?? effect, change }
  }
}
