import type { Labels } from '../../domain/alert.ts'
import { name, prose } from './clean.ts'

/** What is needed to say in a few words what an incident is about. */
export interface Matter {
  alertname: string
  workload: string | null
  annotations: Labels
  runbookTitle: string | null
  /** What it is called, where its labels say more than the workload does; clean already. */
  called?: string | undefined
}

/** In a neighbour's words: the runbook's title with what it is about, or else the alert's own summary, cut clean. */
export function headline({ alertname, workload, annotations, runbookTitle, called }: Matter, longest = 90): string {
  const subject = called ?? (workload === null ? '' : name(workload))
  const said = runbookTitle ?? annotations.summary ?? annotations.message ?? ''
  const told = prose(unlinked(said), longest).replace(/[.!\s]+$/, '') || spelledOut(alertname)
  if (subject === '' || told.toLowerCase().includes(subject.toLowerCase())) return prose(told, longest)
  return prose(`${subject} – ${lowerFirst(told)}`, longest)
}

/** Links do not belong in a title, and nothing in it may become one. */
function unlinked(text: string): string {
  return text.slice(0, 2_000).replace(/\b[a-z][a-z0-9+.-]*:\/\/\S+/gi, '(link)')
}

/** `KubePodCrashLooping` reads `Kube pod crash looping`. */
function spelledOut(alertname: string): string {
  const words = prose(alertname, 80)
    .replace(/([a-z0-9])([A-Z])/g, '$1 $2')
    .replace(/([A-Z]+)([A-Z][a-z])/g, '$1 $2')
  const [first = '', ...rest] = words.split(/[\s_-]+/)
  return (
    [first, ...rest.map((word) => (/^[A-Z][a-z]/.test(word) ? lowerFirst(word) : word))].join(' ') ||
    'An alert without a name'
  )
}

function lowerFirst(text: string): string {
  return /^\p{Lu}\p{Ll}|^\p{Lu} /u.test(text) ? text.charAt(0).toLowerCase() + text.slice(1) : text
}
