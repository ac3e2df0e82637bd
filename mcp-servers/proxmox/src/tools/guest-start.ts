import { ToolError } from '@watchkeeper/mcp-shared'
import type { ProxmoxCluster } from '../cluster.ts'
import type { LiveGuest } from '../live-guest.ts'
import { refuse } from '../live-guest.ts'
import { num, text } from '../rows.ts'
import { defineTool } from '../tool.ts'
import { changePower, output, type Power, PowerInput, probePower, targetOf } from './power.ts'

const START = {
  action: 'start',
  types: ['qmstart', 'vzstart', 'hastart'],
  from: ['stopped'],
  to: 'running',
  verb: 'start',
  undoable: true,
  undo: 'guest_shutdown',
  // A machine that was suspended to disk wakes up by being started.
  despiteLocks: ['suspended'],
} as const satisfies Power

export const guestStart = defineTool({
  name: 'guest_start',
  title: 'Start a guest',
  effect: 'write',
  undoable: true,
  idempotent: true,
  description: 'Starts a guest that is stopped, and waits until it runs. Says when its node is short of memory for it.',
  input: PowerInput,
  output,
  target: targetOf,
  run(input, cluster, context) {
    const warnings = (live: LiveGuest) => memoryWarnings(cluster, live, context.signal)
    return changePower(cluster, { ...START, warnings }, input, context)
  },
  probe: (input, cluster, context) => probePower(cluster, START, input, context, 'running'),
})

/** A guest that does not fit starts all the same, and then the kernel chooses whom to kill. */
async function memoryWarnings(cluster: ProxmoxCluster, live: LiveGuest, signal: AbortSignal): Promise<string[]> {
  try {
    const rows = await cluster.resources('node', signal)
    const node = rows.find((row) => text(row, 'node') === live.ref.node) ?? {}
    const [used, all, wanted] = [num(node, 'mem'), num(node, 'maxmem'), num(live.status, 'maxmem')]
    if (used === undefined || all === undefined || wanted === undefined || all - used >= wanted) return []
    return [
      `${live.ref.node} has ${gigabytes(all - used)} of memory free, and this guest may take ${gigabytes(wanted)}.`,
    ]
  } catch (error) {
    signal.throwIfAborted()
    if (error instanceof ToolError) return []
    throw error
  }
}

function gigabytes(bytes: number): string {
  return `${(bytes / 1_073_741_824).toFixed(1)} GiB`
}

const RESUME = {
  action: 'resume',
  types: ['qmresume'],
  from: ['paused'],
  to: 'running',
  verb: 'resume',
  undoable: true,
  undo: 'guest_suspend',
  check: ({ ref }: LiveGuest) => {
    if (ref.kind === 'lxc') refuse('Containers cannot be suspended reliably, and so not resumed.')
  },
} as const satisfies Power

export const guestResume = defineTool({
  name: 'guest_resume',
  title: 'Resume a paused machine',
  effect: 'write',
  undoable: true,
  idempotent: true,
  description: 'Lets a paused virtual machine run on. One that was suspended to disk is stopped: guest_start wakes it.',
  input: PowerInput,
  output,
  target: targetOf,
  run: (input, cluster, context) => changePower(cluster, RESUME, input, context),
  probe: (input, cluster, context) => probePower(cluster, RESUME, input, context, 'running'),
})
