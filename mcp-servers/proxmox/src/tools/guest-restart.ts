import { z } from 'zod'
import { type LiveGuest, refuse } from '../live-guest.ts'
import { defineTool } from '../tool.ts'
import { changePower, changing, output, type Power, PowerInput, probePower, targetOf } from './power.ts'

const REBOOT = {
  action: 'reboot',
  types: ['qmreboot', 'vzreboot'],
  from: ['running'],
  to: 'rebooted',
  verb: 'reboot',
  undoable: false,
  warnings: () => ['What runs in it is away until it has booted; pending changes of its configuration take effect.'],
} as const satisfies Power

export const guestReboot = defineTool({
  name: 'guest_reboot',
  title: 'Reboot a guest',
  effect: 'destructive',
  undoable: false,
  description: 'Shuts a guest down from within and starts it again. For one that hangs there is guest_reset.',
  input: z.strictObject({ ...changing, timeout_seconds: z.int().min(5).max(100).default(60) }),
  output,
  target: targetOf,
  run({ timeout_seconds: timeout, ...input }, cluster, context) {
    return changePower(cluster, { ...REBOOT, params: { timeout } }, input, context)
  },
  probe: (input, cluster, context) => probePower(cluster, REBOOT, input, context),
})

const RESET = {
  action: 'reset',
  types: ['qmreset'],
  from: ['running', 'paused'],
  to: 'reset',
  verb: 'reset',
  undoable: false,
  warnings: () => ['What it has not yet written to its disks is lost. A snapshot taken before keeps what is on them.'],
  check: ({ ref }: LiveGuest) => {
    if (ref.kind === 'lxc')
      refuse(`Guest ${ref.id} is a container, which has no reset: use guest_reboot, or guest_stop and guest_start.`)
  },
} as const satisfies Power

export const guestReset = defineTool({
  name: 'guest_reset',
  title: 'Reset a virtual machine',
  effect: 'destructive',
  undoable: false,
  description: 'Presses the reset button of a virtual machine that hangs. Take a snapshot first. Not for containers.',
  input: PowerInput,
  output,
  target: targetOf,
  run: (input, cluster, context) => changePower(cluster, RESET, input, context),
  probe: (input, cluster, context) => probePower(cluster, RESET, input, context),
})
