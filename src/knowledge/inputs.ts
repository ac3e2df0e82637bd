import type { Runbook, RunbookInput } from '../domain/runbook.ts'
import { parseDataPath, readDataPath } from './data-paths.ts'
import { fitFormat } from './input-formats.ts'
import type { AlertFacts, CheckResults } from './scope.ts'

/** Where an input's value comes from. */
export type InputOrigin =
  | { readonly kind: 'label' | 'annotation'; readonly name: string }
  | { readonly kind: 'check'; readonly check: string; readonly path: readonly (string | number)[] }

/** An input that has no value, and why, as a sentence. */
export interface Unresolved {
  readonly name: string
  readonly because: string
}

export interface ResolvedInputs {
  readonly values: Record<string, string | number>
  /** Absent at their source, without a default; those from a check that has not run yet are here too. */
  readonly missing: Unresolved[]
  /** There, but not of their format: they must never reach a tool. */
  readonly refused: Unresolved[]
}

const ALERT_PATH = /^alert\.(labels|annotations)\.([A-Za-z_][A-Za-z0-9_]*)$/
const CHECK_PATH = /^checks\.([a-z][a-z0-9_]*)\.result\.(.+)$/

/** Reads a `from`; undefined where it is none of `alert.labels.x`, `alert.annotations.x` and `checks.ID.result.path`. */
export function parseOrigin(from: string): InputOrigin | undefined {
  const alert = ALERT_PATH.exec(from)
  if (alert) return { kind: alert[1] === 'labels' ? 'label' : 'annotation', name: alert[2] ?? '' }
  const check = CHECK_PATH.exec(from)
  const path = check && parseDataPath(check[2] ?? '')
  return check && path ? { kind: 'check', check: check[1] ?? '', path } : undefined
}

/**
 * The values of a runbook's inputs, as far as they can be known: call it again as checks come in. Everything that is in
 * `values` fits its format; what does not fit is refused even where there is a default. Never throws.
 */
export function resolveInputs(
  runbook: Pick<Runbook, 'inputs'>,
  known: { alert: AlertFacts; checks: CheckResults },
): ResolvedInputs {
  const resolved: ResolvedInputs = { values: {}, missing: [], refused: [] }
  for (const input of runbook.inputs) resolveOne(input, known, resolved)
  return resolved
}

function resolveOne(
  input: RunbookInput,
  known: { alert: AlertFacts; checks: CheckResults },
  into: ResolvedInputs,
): void {
  const { name, from, format } = input
  const origin = parseOrigin(from)
  if (!origin) {
    into.missing.push({ name, because: `\`${from}\` is not a place where an input can come from.` })
    return
  }
  if (origin.kind === 'check' && !Object.hasOwn(known.checks, origin.check)) {
    into.missing.push({ name, because: `The check \`${origin.check}\` has given no answer yet.` })
    return
  }
  const found = lookUp(origin, known) ?? input.default
  if (found === undefined) {
    into.missing.push({ name, because: absence(origin) })
    return
  }
  const fitted = fitFormat(found, format)
  if ('value' in fitted) into.values[name] = fitted.value
  else into.refused.push({ name, because: `${from} is ${quoted(found)}; wanted is ${fitted.wanted}.` })
}

/** Empty text counts as absent: Alertmanager treats an empty label and no label alike. */
function lookUp(origin: InputOrigin, known: { alert: AlertFacts; checks: CheckResults }): unknown {
  const found = read(origin, known)
  return found === '' || found === null ? undefined : found
}

function read(origin: InputOrigin, { alert, checks }: { alert: AlertFacts; checks: CheckResults }): unknown {
  if (origin.kind === 'check') return readDataPath(checks, [origin.check, 'result', ...origin.path])
  return readDataPath(origin.kind === 'label' ? alert.labels : alert.annotations, [origin.name])
}

function absence(origin: InputOrigin): string {
  if (origin.kind === 'check') return `The check \`${origin.check}\` did not return \`${origin.path.join('.')}\`.`
  return `The alert has no ${origin.kind} \`${origin.name}\`.`
}

/** A value that was refused, short and harmless enough to be shown. */
function quoted(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value)
  const harmless = text.replace(/[\p{C}\p{Zl}\p{Zp}]/gu, '�')
  return harmless.length > 60 ? `${[...harmless].slice(0, 59).join('')}…` : harmless
}
