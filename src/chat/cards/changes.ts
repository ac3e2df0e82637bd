import type { Change } from '../../domain/change.ts'
import type { IncidentView } from '../../domain/view.ts'
import type { At } from './times.ts'

/** What changed shortly before the alert, newest first. */
export function changesOf(findings: IncidentView['findings']): readonly Change[] {
  return findings.flatMap(({ changes }) => changes ?? [])
}

/** `radarr 5.21 → 5.22 at 01:58 (ReplicaSet 14)`. Not yet safe to show. */
export function changeWords({ at, what, note }: Change, face: At): string {
  return `${what} at ${face(new Date(at))}${note ? ` (${note})` : ''}`
}
