import type { Grant } from './grants.ts'
import type { Writable } from './log.ts'
import { maskDeep } from './mask.ts'

/** What became of a call that wanted to change something. */
export type AuditEntry = {
  tool: string
  effectClass: 'write' | 'destructive'
  cluster: string | undefined
  arguments: unknown
  grant: Grant | undefined
  outcome: 'done' | 'refused' | 'failed'
  code?: string
  milliseconds: number
}

export type Audit = (entry: AuditEntry) => void

/** One line of JSON for each call that changed something or was refused to; arguments masked, the grant by its plan and effect. */
export function auditTo(stream: Writable, now: () => number, server: string): Audit {
  return function audit({ grant, effectClass, ...entry }) {
    const line = {
      time: new Date(now()).toISOString(),
      audit: 'change',
      server,
      ...entry,
      arguments: maskDeep(entry.arguments),
      effect_class: effectClass,
      effect: grant?.effect ?? null,
      plan: grant?.plan ?? null,
      approver: grant?.approver ?? null,
    }
    stream.write(`${JSON.stringify(line)}\n`)
  }
}
