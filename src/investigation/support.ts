import type { Cause, Claim, Conclusion, Evidence } from './report.ts'

/** A conclusion with only what its evidence holds, and what was wrong with the rest. */
export interface Supported {
  conclusion: Conclusion
  dropped: readonly { claim: string; because: string }[]
}

/** A quote shorter than this is found in anything. */
const SHORTEST_QUOTE = 3

/**
 * Drops every claim that its evidence does not hold. A citation counts if the evidence is there and has the quoted words; a
 * claim counts if it has such a citation, and every number and every name in it stands in the evidence it cites. A finding
 * that has lost what it rests on becomes `no_data`.
 */
export function supported(conclusion: Conclusion, evidence: readonly Evidence[]): Supported {
  const dropped: { claim: string; because: string }[] = []
  const keep = (claims: readonly Claim[]): Claim[] =>
    claims.flatMap((claim) => {
      const because = unsupported(claim, evidence)
      if (because === undefined) return [withGoodCites(claim, evidence)]
      dropped.push({ claim: claim.text, because })
      return []
    })
  const causes = conclusion.causes
    .map((cause): Cause => ({ ...cause, claims: keep(cause.claims) }))
    .filter(({ claims }) => claims.length > 0)
  const claims = keep(conclusion.claims)
  return { conclusion: settled({ ...conclusion, causes, claims }), dropped }
}

function settled(conclusion: Conclusion): Conclusion {
  const { finding, causes, claims } = conclusion
  if (finding === 'no_data') return { ...conclusion, causes: [] }
  if (finding === 'not_a_problem') return claims.length > 0 ? { ...conclusion, causes: [] } : nothing(conclusion)
  if (causes.length === 0) return nothing(conclusion)
  return { ...conclusion, finding: causes.length === 1 ? 'cause_found' : 'unclear' }
}

function nothing(conclusion: Conclusion): Conclusion {
  return {
    ...conclusion,
    finding: 'no_data',
    summary: 'What was seen does not show a cause: nothing that was claimed could be shown.',
    causes: [],
    claims: [],
  }
}

/** Why a claim does not count, in a sentence; undefined when it does. */
export function unsupported({ text, cites }: Claim, evidence: readonly Evidence[]): string | undefined {
  if (cites.length === 0) return 'it cites nothing'
  const unknown = cites.find((cite) => !evidence.some(({ id }) => id === cite.evidence))
  if (unknown) return `there is no evidence ${unknown.evidence.slice(0, 20)}`
  const good = cites.filter((cite) => holds(cite, evidence))
  if (good.length === 0) return `${cites[0]?.evidence} does not hold the quoted words`
  const bodies = normal(
    evidence
      .filter(({ id }) => good.some((cite) => cite.evidence === id))
      .map((item) => item.text)
      .join('\n'),
  )
  const missing = particulars(text).find((word) => !bodies.includes(normal(word)))
  return missing === undefined ? undefined : `"${missing}" is not in what it cites`
}

function withGoodCites(claim: Claim, evidence: readonly Evidence[]): Claim {
  return { ...claim, cites: claim.cites.filter((cite) => holds(cite, evidence)) }
}

function holds({ evidence: id, quote }: { evidence: string; quote: string }, evidence: readonly Evidence[]): boolean {
  const words = normal(quote)
  const body = evidence.find((item) => item.id === id)?.text
  return body !== undefined && words.length >= SHORTEST_QUOTE && normal(body).includes(words)
}

/** Numbers of two digits and more, words in backticks, and names with digits or dashes in them. */
function particulars(text: string): string[] {
  const ticked = [...text.matchAll(/`([^`]{2,100})`/g)].map(([, word = '']) => word)
  const rest = text.replace(/`[^`]*`/g, ' ')
  const numbers = [...rest.matchAll(/(?<![\w.-])\d{2,}(?:\.\d+)?/g)].map(([number]) => number)
  const names = [...rest.matchAll(/(?<![\w-])[a-z][a-z0-9]*(?:-[a-z0-9]+)*-[a-z0-9]*\d[a-z0-9]*(?![\w])/g)].map(
    ([name]) => name,
  )
  return [...ticked, ...numbers, ...names]
}

/** As it is compared: without case, quotes and kinds of white space. */
function normal(text: string): string {
  return text
    .toLowerCase()
    .replace(/\\[nt]/g, ' ')
    .replace(/[\s"'`\\]+/g, ' ')
    .trim()
}
