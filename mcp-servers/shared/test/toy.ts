import { z } from 'zod'
import { Change, DryRun, IfStill, valuesDigest } from '../src/change.ts'
import { toolsFor } from '../src/define-tool.ts'

/** A platform with one lamp, for tests of the kit. */
export type Lamp = {
  name: string
  read(signal: AbortSignal): Promise<{ on: boolean; marks: string[] }>
  set(on: boolean, mark: string | undefined, signal: AbortSignal): Promise<void>
}

export function lamp(name = 'one') {
  const state = { on: false, marks: [] as string[] }
  const asked: string[] = []
  const port: Lamp = {
    name,
    read: async () => ({ ...state, marks: [...state.marks] }),
    async set(on, mark) {
      asked.push(`set ${on}`)
      state.on = on
      if (mark) state.marks.push(mark)
    },
  }
  return { port, state, asked }
}

const defineTool = toolsFor<Lamp>()

export const look = defineTool({
  name: 'look',
  title: 'Look at the lamp',
  effect: 'read',
  description: 'Says whether the lamp is on, and what was said about it.',
  input: z.strictObject({ note: z.string().optional() }),
  output: z.object({ summary: z.string(), on: z.boolean(), note: z.string().nullable() }),
  async run({ note }, port, { signal, progress }) {
    progress(1, 2, 'looking')
    const { on } = await port.read(signal)
    return { summary: `The lamp is ${on ? 'on' : 'off'}.`, on, note: note ?? null }
  },
})

export const turn = defineTool({
  name: 'turn',
  title: 'Turn the lamp',
  effect: 'write',
  highest: 'destructive',
  effectOf: ({ on }) => (on ? 'write' : 'destructive'),
  undoable: true,
  idempotent: true,
  description: 'Turns the lamp on or off. Off leaves people in the dark and counts as destructive.',
  input: z.strictObject({ on: z.boolean(), dry_run: DryRun, precondition: IfStill }),
  output: Change,
  target: () => ['lamp', 'hall', 'ceiling'],
  async run({ on, dry_run }, port, { signal, effect }) {
    const before = await port.read(signal)
    if (!dry_run) await port.set(on, effect, signal)
    return {
      summary: `${dry_run ? 'Would turn' : 'Turned'} the lamp.`,
      dry_run,
      target: { cluster: port.name, kind: 'Lamp', namespace: null, name: 'ceiling', uid: 'lamp-1' },
      diff: [{ field: 'on', from: before.on, to: on }],
      precondition: { uid: 'lamp-1', generation: null, values: valuesDigest({ on: before.on }) },
      warnings: [],
      undoable: true,
      undo: { tool: 'turn', arguments: { on: before.on } },
      gitops: null,
      effect: dry_run ? null : (effect ?? null),
      truncated: false as const,
      total: 1,
    }
  },
  async probe(_input, port, { signal, effect }) {
    const { marks } = await port.read(signal)
    return marks.includes(effect)
      ? { state: 'done', because: 'the lamp carries the mark' }
      : { state: 'not_done', because: 'the lamp does not carry the mark' }
  },
})
