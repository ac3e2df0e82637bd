import type { z } from 'zod'
import type { Check, Matcher, Problem, Rollback, Runbook, RunbookInput, Step, VerifyClause } from '../domain/runbook.ts'
import { parseMatcher } from './alert-matchers.ts'
import { parseDuration } from './durations.ts'
import { fitFormat } from './input-formats.ts'
import { parseOrigin } from './inputs.ts'
import { didYouMean } from './nearest.ts'
import { knownKeysAt, RunbookText, type StepText, type VerifyText } from './runbook-schema.ts'
import { versionOf } from './runbook-version.ts'
import { type FrontMatter, pointerPart, splitFrontMatter } from './yaml-front-matter.ts'

/** A runbook, if nothing in the file is an error, and what to change in the file. */
export interface ParsedRunbook {
  readonly runbook?: Runbook
  readonly problems: Problem[]
}

/** Notes a problem at a JSON pointer into the front matter. */
type Report = (pointer: string, message: string, hint?: string) => void

/**
 * Reads one runbook file: Markdown with YAML front matter (docs/runbook-format.md). Shapes, durations, matchers and
 * defaults are judged here; tools, expressions and what hangs together are the lint's. Never throws, on any text.
 *
 * @param path as it should be shown in problems; nothing is read from there
 */
export function parseRunbook(text: string, path: string): ParsedRunbook {
  const split = splitFrontMatter(text, path)
  if ('problems' in split) return split
  const { frontMatter } = split
  const problems: Problem[] = []
  const report: Report = (pointer, message, hint) => {
    const { line, column } = positionOf(frontMatter, pointer)
    problems.push({ path, line, column, severity: 'error', message, ...(hint ? { hint } : {}) })
  }
  const shaped = RunbookText.safeParse(frontMatter.data, { reportInput: true })
  if (!shaped.success) {
    for (const issue of shaped.error.issues) reportIssue(issue, report)
    return { problems: inOrder(problems) }
  }
  const runbook = build(shaped.data, frontMatter, path, report)
  return problems.length === 0 ? { runbook, problems } : { problems: inOrder(problems) }
}

function build(text: RunbookText, { positions, prose }: FrontMatter, path: string, report: Report): Runbook {
  const executable = {
    match: { alertnames: text.match.alertnames, matchers: readMatchers(text.match.matchers, report) },
    ceiling: text.ceiling,
    inputs: readInputs(text.inputs, report),
    checks: text.checks.map(({ expect, shows, ...check }): Check => ({ ...check, ...defined({ expect, shows }) })),
    steps: text.steps.map((step, i) => readStep(step, `/steps/${i}`, report)),
    verify: text.verify.flatMap((clause, i) => readClause(clause, `/verify/${i}`, report)),
  }
  if (text.match.alertnames.length === 0 && text.match.matchers.length === 0) {
    report('/match', '`match` is empty, so no alert would ever find this runbook.', 'Name an alert under `alertnames`.')
  }
  refuseTwins(text.checks, 'checks', report)
  refuseTwins(text.steps, 'steps', report)
  return {
    id: text.id,
    title: text.title,
    version: versionOf(executable),
    ...executable,
    prose,
    source: { path, positions },
  }
}

function readMatchers(texts: readonly string[], report: Report): Matcher[] {
  return texts.flatMap((text, i) => {
    const parsed = parseMatcher(text)
    if ('matcher' in parsed) return [parsed.matcher]
    report(
      `/match/matchers/${i}`,
      `The matcher \`${text}\` cannot be read: ${parsed.problem}.`,
      'Write it as in `namespace="shop"`.',
    )
    return []
  })
}

function readInputs(inputs: RunbookText['inputs'], report: Report): RunbookInput[] {
  return Object.entries(inputs).map(([name, { from, format, default: standIn }]) => {
    const pointer = `/inputs/${pointerPart(name)}`
    if (!parseOrigin(from)) {
      const hint = 'It may be `alert.labels.NAME`, `alert.annotations.NAME` or `checks.ID.result.PATH`.'
      report(
        `${pointer}/from`,
        `The input \`${name}\` comes from \`${from}\`, which is not a place to take it from.`,
        hint,
      )
    }
    const fitted = standIn === undefined ? undefined : fitFormat(standIn, format)
    if (fitted && 'wanted' in fitted) {
      report(`${pointer}/default`, `The default of \`${name}\` is not of its own format: wanted is ${fitted.wanted}.`)
    }
    return { name, from, format, ...(standIn === undefined ? {} : { default: standIn }) }
  })
}

function readStep(text: StepText, pointer: string, report: Report): Step {
  const { id, tool, args, does, costs } = text
  const rollback = text.rollback && readRollback(text, text.rollback, `${pointer}/rollback`, report)
  return { id, tool, args, ...defined({ rollback, does, costs }) }
}

/** With the step's own tool, the rollback says only what differs: its arguments are laid over the step's. */
function readRollback(
  step: StepText,
  { tool = step.tool, args, none }: NonNullable<StepText['rollback']>,
  pointer: string,
  report: Report,
): Rollback {
  if (none === undefined) {
    if (!args)
      report(pointer, 'The rollback says neither how nor why not.', 'Give its `args`, or `none` with the reason.')
    return { kind: 'call', tool, args: tool === step.tool ? { ...step.args, ...args } : (args ?? {}) }
  }
  if (args) report(pointer, 'The rollback gives a call and says that there is none.', 'Keep one of the two.')
  return { kind: 'none', because: none }
}

function readClause(text: VerifyText, pointer: string, report: Report): VerifyClause[] {
  const withinMs = readDuration(text.within, `${pointer}/within`, 'within', report)
  const { tool, expect } = text
  if (text.alert === undefined && tool !== undefined) {
    if (text.for !== undefined) report(`${pointer}/for`, '`for` belongs to `alert: cleared`.', 'Remove it here.')
    return [{ kind: 'tool', tool, args: text.args ?? {}, withinMs, ...defined({ expect }) }]
  }
  if (text.alert === undefined) {
    report(pointer, 'This verification asks neither a tool nor the alert.', 'Give it a `tool`, or `alert: cleared`.')
    return []
  }
  if (tool !== undefined || text.args !== undefined || expect !== undefined) {
    report(pointer, 'This verification asks a tool and the alert at once.', 'Make two entries of it.')
  }
  if (text.for === undefined) {
    report(
      pointer,
      '`alert: cleared` needs `for`: how long it has to stay clear.',
      "Take longer than the rule's own `for`.",
    )
    return []
  }
  return [{ kind: 'alert', withinMs, forMs: readDuration(text.for, `${pointer}/for`, 'for', report) }]
}

function readDuration(text: string, pointer: string, field: string, report: Report): number {
  const ms = parseDuration(text)
  if (ms === undefined)
    report(pointer, `\`${field}: ${text}\` is not a duration.`, 'Write it as in `90s`, `10m` or `1h30m`.')
  return ms ?? 0
}

function refuseTwins(items: readonly { readonly id: string }[], field: 'checks' | 'steps', report: Report): void {
  for (const [i, { id }] of items.entries()) {
    if (items.findIndex((other) => other.id === id) < i) {
      report(`/${field}/${i}`, `Two ${field} are called \`${id}\`.`, 'Give each an id of its own.')
    }
  }
}

function reportIssue(issue: z.core.$ZodIssue, report: Report): void {
  const pointer = issue.path.map((part) => `/${pointerPart(String(part))}`).join('')
  if (issue.code === 'unrecognized_keys') {
    const known = knownKeysAt(issue.path)
    for (const key of issue.keys) {
      const hint = `It may have ${known.map((name) => `\`${name}\``).join(', ')}.`
      report(`${pointer}/${pointerPart(key)}`, `There is no field \`${key}\` here.${didYouMean(key, known)}`, hint)
    }
    return
  }
  const field = fieldName(issue.path)
  if (issue.code === 'invalid_key') {
    const [inner] = issue.issues
    report(pointer, `The name \`${String(issue.path.at(-1))}\` ${inner?.message ?? 'cannot be used'}.`)
  } else if (issue.code !== 'custom' && issue.input === undefined) {
    report(pointer, `${field} is missing; it ${issue.message}.`)
  } else report(pointer, `${field} ${issue.message}.`)
}

function fieldName(path: readonly PropertyKey[]): string {
  const name = path.map((part) => (typeof part === 'number' ? `[${part}]` : `.${String(part)}`)).join('')
  return name === '' ? 'The front matter' : `\`${name.replace(/^\./, '')}\``
}

/** The place of a pointer, or of the nearest thing around it that is in the file. */
function positionOf({ positions }: FrontMatter, pointer: string): { line: number; column: number } {
  for (let at = pointer; ; at = at.slice(0, at.lastIndexOf('/'))) {
    const found = Object.hasOwn(positions, at) ? positions[at] : undefined
    if (found) return found
    if (at === '') return { line: 1, column: 1 }
  }
}

function inOrder(problems: Problem[]): Problem[] {
  return problems.sort((a, b) => a.line - b.line || (a.column ?? 0) - (b.column ?? 0))
}

/** Drops what is undefined, as exact optional properties want it. */
function defined<T extends object>(values: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>
  }
}
