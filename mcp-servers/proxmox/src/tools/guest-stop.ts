import { z } from 'zod'
import { type LiveGuest, refuse } from '../live-guest.ts'
import { defineTool } from '../tool.ts'
import { changePower, changing, output, type Power, PowerInput, probePower, targetOf } from './power.ts'

/** How long the guest has; a grant lives for 120 seconds at most. */
const Timeout = z.int().min(5).max(100).default(60)

const SHUTDOWN = {
  action: 'shutdown',
  types: ['qmshutdown', 'vzshutdown', 'hastop'],
  from: ['running'],
  to: 'stopped',
  verb: 'shut down',
  undoable: true,
  undo: 'guest_start',
  warnings: () => ['What runs in it is away until it is started again.'],
} as const satisfies Power

export const guestShutdown = defineTool({
  name: 'guest_shutdown',
  title: 'Shut a guest down',
  effect: 'destructive',
  undoable: true,
  idempotent: true,
  description:
    'Asks a guest to shut down and waits. One that does not is left running, and the call fails: guest_stop pulls the plug.',
  input: z.strictObject({ ...changing, timeout_seconds: Timeout }),
  output,
  target: targetOf,
  run({ timeout_seconds: timeout, ...input }, cluster, context) {
    return changePower(cluster, { ...SHUTDOWN, params: { timeout, forceStop: false } }, input, context)
  },
  probe: (input, cluster, context) => probePower(cluster, SHUTDOWN, input, context, 'stopped'),
})

const STOP = {
  action: 'stop',
  types: ['qmstop', 'vzstop', 'hastop'],
  from: ['running', 'paused'],
  to: 'stopped',
  verb: 'pull the plug of',
  undoable: false,
  undo: 'guest_start',
  warnings: () => ['What it has not yet written to its disks is lost; its file systems are left as after a power cut.'],
} as const satisfies Power

export const guestStop = defineTool({
  name: 'guest_stop',
  title: 'Pull the plug of a guest',
  effect: 'destructive',
  undoable: false,
  idempotent: true,
  description: 'Stops a guest at once, like a power cut. Try guest_shutdown first.',
  input: PowerInput,
  output,
  target: targetOf,
  run: (input, cluster, context) => changePower(cluster, STOP, input, context),
  probe: (input, cluster, context) => probePower(cluster, STOP, input, context, 'stopped'),
})

const SUSPEND = {
  action: 'suspend',
  types: ['qmpause', 'qmsuspend'],
  from: ['running'],
  to: 'paused',
  verb: 'pause',
  undoable: true,
  undo: 'guest_resume',
  warnings: () => ['It stands still and answers nobody until it is resumed; connections to it break.'],
  check: ({ ref }: LiveGuest) => {
    if (ref.kind === 'lxc') refuse('Containers cannot be suspended reliably: shut the guest down instead.')
  },
} as const satisfies Power

export const guestSuspend = defineTool({
  name: 'guest_suspend',
  title: 'Pause a virtual machine',
  effect: 'destructive',
  undoable: true,
  idempotent: true,
  description: 'Freezes a running virtual machine in memory until guest_resume. Not for containers.',
  input: PowerInput,
  output,
  target: targetOf,
  run: (input, cluster, context) => changePower(cluster, SUSPEND, input, context),
  probe: (input, cluster, context) => probePower(cluster, SUSPEND, input, context, 'paused'),
})
