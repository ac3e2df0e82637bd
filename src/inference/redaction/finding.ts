/** A stretch of a text that must not be shown: [start, end). */
export interface Finding {
  start: number
  end: number
  kind: string
}

export const CUT = '[secret]'

/** The text without what was found; overlapping findings become one cut. Answers how many cuts of each kind were made. */
export function cutOut(text: string, findings: readonly Finding[]): { text: string; cuts: Record<string, number> } {
  const cuts: Record<string, number> = {}
  let kept = ''
  let at = 0
  for (const { start, end, kind } of merged(findings)) {
    kept += text.slice(at, start) + CUT
    at = end
    cuts[kind] = (cuts[kind] ?? 0) + 1
  }
  return { text: kept + text.slice(at), cuts }
}

function merged(findings: readonly Finding[]): Finding[] {
  const result: Finding[] = []
  for (const finding of [...findings].sort((a, b) => a.start - b.start)) {
    const last = result.at(-1)
    if (last && finding.start <= last.end) last.end = Math.max(last.end, finding.end)
    else if (finding.end > finding.start) result.push({ ...finding })
  }
  return result
}
