import type { JsonObject } from '../domain/json.ts'
import type { Runbook } from '../domain/runbook.ts'
import { type EvidenceBook, evidenceBook } from './evidence-book.ts'
import type { NamedRequest } from './named-request.ts'
import { type KnownCluster, onCluster } from './on-cluster.ts'
import type { Investigator, Looking, Seen } from './port.ts'
import type { Evidence, Report } from './report.ts'
import { runChecks } from './runbook-checks.ts'

/**
 * `runNamed(deps, request)` runs a named investigation, `parseInvestigateWords` in `named-request.ts` reads one from the chat,
 * `reportMarkdown` in `report-markdown.ts` writes it down, and `keepReport` in `report-folder.ts` keeps it.
 */
export interface NamedDeps {
  /** Tools that only look, of every cluster. */
  looking: Looking
  clusters: readonly KnownCluster[]
  runbooks: ReadonlyMap<string, Runbook>
  /** Makes an investigator that sees this alone; undefined where no model is to be asked. */
  investigatorFor: ((looking: Looking) => Investigator) | undefined
  /** Unix milliseconds. */
  now: () => number
}

export interface NamedRun {
  signal?: AbortSignal
  /** Told of each step, for a line of progress. */
  onProgress?: (line: string) => void
}

/** What was seen on one cluster. */
export interface ClusterReport {
  cluster: string
  /** done · partial: its time was over before it ended · not_reached: no time was left for it. */
  state: 'done' | 'partial' | 'not_reached'
  /** What the runbook's checks came to, each in a sentence. */
  checks: readonly {
    id: string
    shows: string | null
    came: 'holds' | 'does not hold' | 'answered' | 'no answer' | 'not run'
    because: string | null
  }[]
  /** What was looked at, with a model or without. */
  evidence: readonly Evidence[]
  /** What a model made of it; undefined where none was used or it did not end in time. */
  report: Report | undefined
}

export interface NamedReport {
  request: NamedRequest
  title: string
  startedAt: number
  endedAt: number
  /** Whether the deadline passed before all was seen. */
  partial: boolean
  /** Whether any model was asked and answered. */
  modelUsed: boolean
  clusters: readonly ClusterReport[]
}

/** What is looked at on every cluster, as far as the tool is there. */
const FIRST_LOOKS: readonly { tool: string; args: JsonObject }[] = [
  { tool: 'kubernetes.cluster_overview', args: {} },
  { tool: 'kubernetes.events', args: { type: 'Warning', since_seconds: 3_600, limit: 30 } },
  { tool: 'talos.cluster_overview', args: {} },
  { tool: 'talos.etcd_status', args: {} },
  { tool: 'proxmox.cluster_status', args: {} },
  { tool: 'proxmox.tasks_list', args: { failed: true, since_hours: 24, limit: 20 } },
  { tool: 'prometheus.alerts', args: { state: 'firing' } },
]

const LOOK_MS = 15_000
const EVIDENCE_CHARACTERS = 6_000
const PROSE_CHARACTERS = 3_500
/** What is kept for writing down after the deadline. */
const LAST_MS = 50
/** How much earlier a model has to end than what waits for it, so that what it saw is not lost. */
const GRACE_MS = 500

/**
 * A named, bounded investigation of one or several clusters. It only looks. At its deadline it ends with what there is; what a
 * tool or a model did never makes it throw.
 */
export async function runNamed(deps: NamedDeps, request: NamedRequest, run: NamedRun = {}): Promise<NamedReport> {
  const startedAt = deps.now()
  const until = startedAt + request.minutes * 60_000
  const clusters = request.sideBySide
    ? await Promise.all(request.clusters.map((cluster) => clusterReport(deps, request, cluster, until, run)))
    : await inTurn(deps, request, until, run)
  return {
    request,
    title: titleOf(deps, request),
    startedAt,
    endedAt: deps.now(),
    partial: clusters.some(({ state }) => state !== 'done'),
    modelUsed: clusters.some(({ report }) => report?.conclusion !== undefined),
    clusters,
  }
}

/** One after the other, each with its share of the time that is left. */
async function inTurn(deps: NamedDeps, request: NamedRequest, until: number, run: NamedRun): Promise<ClusterReport[]> {
  const done: ClusterReport[] = []
  for (const [i, cluster] of request.clusters.entries()) {
    const now = deps.now()
    const share = (until - now) / (request.clusters.length - i)
    done.push(await clusterReport(deps, request, cluster, now + share, run))
  }
  return done
}

type Gathered = Omit<ClusterReport, 'state' | 'evidence'> & {
  checks: ClusterReport['checks'][number][]
  book: EvidenceBook
}

async function clusterReport(
  deps: NamedDeps,
  request: NamedRequest,
  cluster: string,
  until: number,
  run: NamedRun,
): Promise<ClusterReport> {
  const left = until - deps.now() - LAST_MS
  const gathered: Gathered = { cluster, checks: [], book: evidenceBook(EVIDENCE_CHARACTERS), report: undefined }
  if (left <= 0 || run.signal?.aborted) return reportOf(gathered, 'not_reached')
  const over = AbortSignal.timeout(Math.max(1, Math.round(left)))
  const signal = run.signal ? AbortSignal.any([over, run.signal]) : over
  const ended = await Promise.race([
    lookInto(deps, request, gathered, { until, signal, run }).then(() => !signal.aborted),
    aborted(signal).then(() => false),
  ])
  return reportOf(gathered, ended && gathered.report?.ending !== 'deadline' ? 'done' : 'partial')
}

function reportOf({ cluster, checks, book, report }: Gathered, state: ClusterReport['state']): ClusterReport {
  // What was gathered is in the report of a model too; it stands there under the ids that are cited.
  return { cluster, state, checks: [...checks], evidence: report?.evidence ?? [...book.all], report }
}

interface Looked {
  until: number
  signal: AbortSignal
  run: NamedRun
}

async function lookInto(deps: NamedDeps, request: NamedRequest, into: Gathered, looked: Looked): Promise<void> {
  const looking = onCluster(deps.looking, into.cluster, deps.clusters)
  const runbook = request.runbook === undefined ? undefined : deps.runbooks.get(request.runbook)
  const book = keeping(looking, into, looked.run)
  const known = new Set((await looking.tools().catch(() => [])).map(({ name }) => name))
  for (const { tool, args } of FIRST_LOOKS.filter((look) => known.has(look.tool))) {
    if (looked.signal.aborted) return
    await book.look(tool, args, { deadlineMs: LOOK_MS, signal: looked.signal }).catch(() => undefined)
  }
  if (runbook) await makeChecks(book, runbook, request, into, looked)
  if (looked.signal.aborted) return
  const investigator = deps.investigatorFor?.(looking)
  if (!investigator) return
  into.report = await investigator.investigate({
    incident: null,
    severity: 'info',
    labels: { cluster: into.cluster, ...request.labels },
    annotations: { question: request.question ?? questionOf(runbook) },
    known: [
      ...(runbook ? [{ source: `runbook ${runbook.id}`, text: runbook.prose.slice(0, PROSE_CHARACTERS) }] : []),
      ...into.book.all.map(({ source, text }) => ({ source, text })),
    ],
    required: [],
    signals: [],
    deadlineMs: Math.max(1, looked.until - deps.now() - LAST_MS - GRACE_MS),
    signal: looked.signal,
    ...(looked.run.onProgress && { onProgress: (line) => looked.run.onProgress?.(`${into.cluster}: ${line}`) }),
  })
}

/** Looks, and writes down what it saw; the same look is made once. */
function keeping(looking: Looking, { book, cluster }: Gathered, { onProgress }: NamedRun): Looking {
  const made = new Map<string, Seen>()
  return {
    tools: looking.tools,
    async look(tool, args, options) {
      const before = book.of(tool, args)
      const again = before && made.get(before.id)
      if (again) return again
      onProgress?.(`${cluster}: Looking: ${tool}`)
      const seen = await looking
        .look(tool, args, options)
        .catch((): Seen => ({ ok: false, message: 'The tool could not be asked.' }))
      if (options.signal?.aborted) return seen
      const text = seen.ok ? `${seen.summary}\n${JSON.stringify(seen.result)}` : `It answered: ${seen.message}`
      made.set(book.addLook(tool, args, text).id, seen)
      return seen
    },
  }
}

async function makeChecks(
  book: Looking,
  runbook: Runbook,
  { labels }: NamedRequest,
  into: Gathered,
  { signal }: Looked,
): Promise<void> {
  await runChecks(
    book,
    runbook,
    { labels: { ...labels, cluster: into.cluster } },
    {
      deadlineMs: LOOK_MS,
      signal,
      onOutcome(outcome) {
        const { id, shows = null } = outcome.check
        if (!outcome.ran) into.checks.push({ id, shows, came: 'not run', because: outcome.because })
        else if (!outcome.seen.ok) into.checks.push({ id, shows, came: 'no answer', because: outcome.seen.message })
        else if (outcome.holds === undefined) into.checks.push({ id, shows, came: 'answered', because: null })
        else
          into.checks.push({
            id,
            shows,
            came: outcome.holds ? 'holds' : 'does not hold',
            because: outcome.because ?? null,
          })
      },
    },
  )
}

function questionOf(runbook: Runbook | undefined): string {
  return runbook ? `Is this going on here: ${runbook.title}? What shows it?` : 'Is anything wrong here? What shows it?'
}

function titleOf({ runbooks }: NamedDeps, { runbook, name }: NamedRequest): string {
  return (
    (runbook === undefined ? undefined : runbooks.get(runbook)?.title) ??
    (name === 'overview' ? 'A look at everything' : name)
  )
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve()
    else signal.addEventListener('abort', () => resolve(), { once: true })
  })
}
