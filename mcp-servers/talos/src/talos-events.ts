import type { TalosEvent } from './cluster.ts'
import type { Wire } from './wire/codec.ts'

export type EventMessage = {
  id: string
  actor_id: string
  data: { type_url: string; value: Buffer } | null
}

type Payload = {
  sequence?: string
  phase?: string
  task?: string
  service?: string
  action?: number
  message?: string
  error?: string | { code: number; message: string } | null
  hostname?: string
  addresses?: string[]
  stage?: number
}

const SEQUENCE = ['noop', 'started', 'ended'] as const
const STEP = ['started', 'ended'] as const
const SERVICE = [
  'initialized',
  'preparing',
  'waiting',
  'running',
  'stopping',
  'finished',
  'failed',
  'skipped',
  'starting',
] as const
const STAGE = [
  'unknown',
  'booting',
  'installing',
  'maintenance',
  'running',
  'rebooting',
  'shutting down',
  'resetting',
  'upgrading',
] as const

/** An event in words. Payloads are named by type URL (`talos/runtime/machine.TaskEvent`); what is unknown keeps its name. */
export function toEvent(wire: Wire, { id, actor_id: actor, data }: EventMessage): TalosEvent {
  const full = data?.type_url.split('/').at(-1) ?? ''
  const type = full.split('.').at(-1) ?? ''
  const payload = (data && wire.decode(full, data.value)) as Payload | undefined
  const common = { id, actor, type, sequence: null }
  if (!payload) return { ...common, summary: type || 'an event without content' }
  const error = typeof payload.error === 'string' ? payload.error : (payload.error?.message ?? '')
  const action = payload.action ?? 0
  if (type === 'SequenceEvent') {
    const name = payload.sequence ?? ''
    const state = error !== '' ? ('failed' as const) : action === 2 ? ('ended' as const) : ('started' as const)
    const said = SEQUENCE[action] ?? String(action)
    return {
      ...common,
      summary: `sequence ${name} ${error !== '' ? `failed: ${error}` : said}`,
      // A no-op says that another sequence runs already.
      sequence: { name, state: action === 0 && error === '' ? 'ended' : state, error },
    }
  }
  return { ...common, summary: describe(type, payload, action, error) }
}

function describe(type: string, payload: Payload, action: number, error: string): string {
  if (type === 'PhaseEvent') return `phase ${payload.phase} ${STEP[action] ?? action}`
  if (type === 'TaskEvent') return `task ${payload.task} ${STEP[action] ?? action}`
  if (type === 'ServiceStateEvent')
    return `service ${payload.service} ${SERVICE[action] ?? action}${payload.message ? `: ${payload.message}` : ''}`
  if (type === 'AddressEvent') return `addresses of ${payload.hostname}: ${(payload.addresses ?? []).join(', ')}`
  if (type === 'MachineStatusEvent') return `machine is ${STAGE[payload.stage ?? 0] ?? payload.stage}`
  return error !== '' ? `${type}: ${error}` : type
}
