const KEPT = 8
const MARK = /\n*<!-- watchkeeper\/effects: ([0-9a-f, -]*) -->\s*$/

/**
 * The notes of a guest, and the ids of the last effects that reached it, newest first. They stand in a comment at the end
 * of its description, which Proxmox VE renders as Markdown and so does not show.
 */
export function splitNotes(description: string): { notes: string; effects: string[] } {
  const match = MARK.exec(description)
  const notes = (match ? description.slice(0, match.index) : description).replace(/\n+$/, '')
  const effects = (match?.[1] ?? '').split(',').map((id) => id.trim())
  return { notes, effects: effects.filter((id) => id !== '') }
}

/** The description with one more effect in its mark. */
export function markedNotes(notes: string, effects: readonly string[], effect: string): string {
  const ids = [effect, ...effects.filter((id) => id !== effect)].slice(0, KEPT).join(', ')
  return `${notes}${notes === '' ? '' : '\n\n'}<!-- watchkeeper/effects: ${ids} -->`
}

/** The words by which a snapshot's description or a backup's notes name the effect that made it. */
export function effectNote(effect: string): string {
  return `Watchkeeper effect ${effect}`
}

/** The effect that made a snapshot or backup, by its description or notes. */
export function effectIn(text: string | undefined): string | undefined {
  return /Watchkeeper effect ([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})/.exec(text ?? '')?.[1]
}
