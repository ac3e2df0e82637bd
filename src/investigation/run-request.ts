import { OperatorError } from '../domain/errors.ts'
import { type Cut, cutEveryString } from './cut-json.ts'
import { type NamedDeps, type NamedReport, type NamedRun, runNamed } from './named.ts'
import type { NamedRequest } from './named-request.ts'
import { type KeepOptions, type KeptName, type KeptReport, keepReport } from './report-folder.ts'
import { namedMarkdown } from './report-markdown.ts'

export interface RequestDeps extends NamedDeps {
  /** Cuts secrets out of what is written down; where it fails, nothing is written. */
  cut: Cut
  keep: KeepOptions
  /** Names the file, so that one that is run again replaces it; of this run alone unless told. */
  kept?: KeptName
}

export interface CarriedOut {
  /** With its secrets cut. */
  named: NamedReport
  markdown: string
  kept: KeptReport
}

/**
 * Runs a named investigation, writes its report without secrets, and keeps it. Throws OperatorError where it cannot be kept, and
 * the signal's reason where that aborts: nothing is kept then, for it is run anew elsewhere.
 */
export async function carryOut(deps: RequestDeps, request: NamedRequest, run: NamedRun = {}): Promise<CarriedOut> {
  const seen = await runNamed(deps, request, run)
  run.signal?.throwIfAborted()
  const named = await cutEveryString(seen, deps.cut).catch((cause) => {
    throw new OperatorError('The report was not written, because the search for secrets in it failed. Ask again.', {
      cause,
    })
  })
  const markdown = namedMarkdown(named)
  run.signal?.throwIfAborted()
  const kept = await keepReport(named, markdown, deps.keep, deps.kept).catch((cause) => {
    throw new OperatorError(
      `The report cannot be written to ${deps.keep.folder}. Give this user the right, or set REPORTS_DIR.`,
      { cause },
    )
  })
  return { named, markdown, kept }
}
