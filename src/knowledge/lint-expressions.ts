import type { Json } from '../domain/json.ts'
import type { Args, Runbook } from '../domain/runbook.ts'
import {
  type Expression,
  evaluate,
  hasEqualSides,
  parseExpression,
  patternsOf,
  type Reference,
  referencesOf,
} from './cel-expressions.ts'
import { keysNeverThere, type Shapes, typeOfPath } from './expression-shapes.ts'
import { parseOrigin } from './inputs.ts'
import { didYouMean } from './nearest.ts'
import { refusePattern } from './safe-patterns.ts'
import { splitTemplate } from './templates.ts'

/** Notes a problem at a JSON pointer into the front matter. */
export type LintReport = (severity: 'error' | 'warning', pointer: string, message: string, hint?: string) => void

/** What an expression at one place of a runbook can see. */
export interface Sight {
  readonly runbook: Runbook
  /** Checks that have run by then. */
  readonly checks: readonly string[]
  /** Output schemas by path, where they are known. */
  readonly shapes: Shapes
}

/** Judges a condition; gives the expression where it parses. */
export function lintCondition(text: string, sight: Sight, pointer: string, report: LintReport): Expression | undefined {
  const expression = parsed(text, pointer, report)
  if (!expression) return undefined
  for (const reference of referencesOf(expression)) {
    const root = reference[0] ?? ''
    if (root === 'alert') lintAlertReference(reference, pointer, report)
    else if (root !== 'result')
      lintReference(reference, sight, pointer, report, ['alert', 'inputs', 'checks', 'result'])
  }
  for (const pattern of patternsOf(expression)) {
    const refused = refusePattern(pattern)
    if (refused) report('error', pointer, `The pattern \`${pattern}\` cannot be used: ${refused}.`)
  }
  for (const key of keysNeverThere(expression, sight.shapes)) {
    const hint = "A missing key makes the whole condition false. Look the name up in the tool's output."
    report('warning', pointer, `\`${key}\` is never there, by the tool's own description.`, hint)
  }
  return expression
}

/** Whether a condition holds whatever the tool answers: it does not look at it, or compares a thing with itself. */
export function cannotFail(expression: Expression): boolean {
  if (!referencesOf(expression).some(([root]) => root === 'result')) return true
  if (hasEqualSides(expression)) return true
  const outcome = evaluate(expression, { alert: {}, inputs: {}, checks: {} })
  return 'value' in outcome && outcome.value === true
}

/** Judges every template in the arguments of a call. */
export function lintTemplates(args: Args, sight: Sight, pointer: string, report: LintReport): void {
  for (const { text, at } of textsIn(args, pointer)) {
    const template = splitTemplate(text)
    if ('problem' in template) {
      report('error', at, template.problem, 'Close it with `}`, or write `$${` for the text `${` itself.')
      continue
    }
    for (const part of template.parts) if ('source' in part) lintTemplate(part.source, sight, at, report)
  }
}

function lintTemplate(source: string, sight: Sight, pointer: string, report: LintReport): void {
  const expression = parsed(source, pointer, report)
  if (!expression) return
  for (const reference of referencesOf(expression)) {
    if (reference[0] === 'alert') {
      const hint = `Declare an input, from: ${reference.join('.')}, with a format.`
      report('error', pointer, `\`${reference.join('.')}\` would reach a tool unchecked.`, hint)
      continue
    }
    lintReference(reference, sight, pointer, report, ['inputs', 'checks'])
    if (reference[0] === 'checks' && typeOfPath(reference, sight.shapes) === 'string') {
      const hint = `Declare an input, from: ${reference.join('.')}, with a format.`
      report(
        'error',
        pointer,
        `\`${reference.join('.')}\` is text from a check and would reach a tool unchecked.`,
        hint,
      )
    }
  }
  for (const key of keysNeverThere(expression, sight.shapes)) {
    report('warning', pointer, `\`${key}\` is never there, by the tool's own description.`)
  }
}

function parsed(source: string, pointer: string, report: LintReport): Expression | undefined {
  const outcome = parseExpression(source)
  if ('expression' in outcome) return outcome.expression
  const where = outcome.offset === undefined ? '' : ` (at character ${outcome.offset + 1})`
  const hint = 'Conditions and templates are CEL: `==`, `&&`, `||`, `!`, `in`, `has(…)`, `list.exists(c, …)`.'
  report('error', pointer, `\`${source}\` does not work: ${outcome.problem}${where}.`, hint)
  return undefined
}

function lintReference(
  reference: Reference,
  sight: Sight,
  pointer: string,
  report: LintReport,
  variables: string[],
): void {
  const [root = '', name] = reference
  if (root === 'inputs' && name !== undefined) lintInputName(name, sight, pointer, report)
  else if (root === 'checks' && name !== undefined) lintCheckPath(reference, sight, pointer, report)
  else if (!variables.includes(root)) {
    const hint = `Here are ${variables.map((variable) => `\`${variable}\``).join(', ')}.`
    report('error', pointer, `There is nothing called \`${root}\` here.${didYouMean(root, variables)}`, hint)
  }
}

function lintInputName(name: string, { runbook, checks }: Sight, pointer: string, report: LintReport): void {
  const input = runbook.inputs.find((candidate) => candidate.name === name)
  if (!input) {
    const names = runbook.inputs.map((candidate) => candidate.name)
    report('error', pointer, `There is no input \`${name}\`.${didYouMean(name, names)}`, 'Declare it under `inputs`.')
    return
  }
  const origin = parseOrigin(input.from)
  if (origin?.kind === 'check' && !checks.includes(origin.check)) {
    report(
      'error',
      pointer,
      `The input \`${name}\` comes from the check \`${origin.check}\`, which has not run by then.`,
    )
  }
}

function lintCheckPath(reference: Reference, { runbook, checks }: Sight, pointer: string, report: LintReport): void {
  const [, id = '', inside] = reference
  const ids = runbook.checks.map((check) => check.id)
  if (!ids.includes(id)) report('error', pointer, `There is no check \`${id}\`.${didYouMean(id, ids)}`)
  else if (!checks.includes(id))
    report('error', pointer, `The check \`${id}\` has not run by then.`, 'Move it further up.')
  if (inside !== undefined && inside !== 'result') {
    report(
      'error',
      pointer,
      `\`checks.${id}.${inside}\` does not exist.`,
      `What it returned is \`checks.${id}.result\`.`,
    )
  }
}

function lintAlertReference(reference: Reference, pointer: string, report: LintReport): void {
  const [, part] = reference
  if (part === undefined || part === 'labels' || part === 'annotations') return
  report('error', pointer, `\`alert.${part}\` does not exist.`, 'An alert has `alert.labels` and `alert.annotations`.')
}

function textsIn(value: Json, at: string): { text: string; at: string }[] {
  if (typeof value === 'string') return [{ text: value, at }]
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([key, item]: [string, Json]) => textsIn(item, `${at}/${key}`))
}

/** Whether a value holds a template, so that what it will be is not known yet. */
export function isTemplate(value: Json): boolean {
  return typeof value === 'string' && /(?<!\$)\$\{/.test(value)
}
