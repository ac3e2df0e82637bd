import type { Json } from '../domain/json.ts'
import type { Args } from '../domain/runbook.ts'
import { type Expression, evaluate, parseExpression, pathOf, referencesOf } from './cel-expressions.ts'
import { readDataPath } from './data-paths.ts'
import type { Scope } from './scope.ts'

/** A string cut into its literal pieces and its `${…}` expressions; `offset` is where an expression's text starts. */
export type TemplatePart = { readonly text: string } | { readonly source: string; readonly offset: number }

export type TemplateParts = { readonly parts: readonly TemplatePart[] } | { readonly problem: string }

export type RenderedArgs = { readonly args: Record<string, Json> } | { readonly problem: string }

type Scalar = string | number | boolean
type Rendered = { readonly value: Json } | { readonly problem: string }

/** What a template may see: never the alert itself, whose values come in through inputs, where they are checked. */
export type TemplateScope = Pick<Scope, 'inputs' | 'checks'>

const MAX_DEPTH = 32

/**
 * Fills the templates in a tool's arguments. A string that is one template as a whole keeps the type of its value;
 * templates within a longer string become text. `$${` stands for `${` itself.
 *
 * Only text, numbers and booleans come out of a template, and text from a check does not: a name that a tool returned
 * goes through an input, whose format is checked. A fraction computed from integers alone is rounded up, since sizes and
 * counts are integers to the platforms (`limit * 1.5`). Never throws; the problem is a sentence.
 */
export function renderArgs(args: Args, scope: TemplateScope): RenderedArgs {
  const rendered: [string, Json][] = []
  for (const [name, value] of Object.entries(args)) {
    const outcome = renderValue(value, scope, 0)
    if ('problem' in outcome) return { problem: `The argument \`${name}\` cannot be filled in: ${outcome.problem}` }
    rendered.push([name, outcome.value])
  }
  return { args: Object.fromEntries(rendered) }
}

function renderValue(value: Json, scope: TemplateScope, depth: number): Rendered {
  if (depth > MAX_DEPTH) return { problem: 'it is nested too deeply.' }
  if (typeof value === 'string') return renderString(value, scope)
  if (typeof value !== 'object' || value === null) return { value }
  const entries: [string, Json][] = []
  for (const [key, item] of Object.entries(value)) {
    const outcome = renderValue(item, scope, depth + 1)
    if ('problem' in outcome) return outcome
    entries.push([key, outcome.value])
  }
  return { value: Array.isArray(value) ? entries.map(([, item]) => item) : Object.fromEntries(entries) }
}

function renderString(text: string, scope: TemplateScope): Rendered {
  const template = splitTemplate(text)
  if ('problem' in template) return template
  const values: Scalar[] = []
  for (const part of template.parts) {
    const outcome = 'text' in part ? { value: part.text } : fill(part.source, scope)
    if ('problem' in outcome) return outcome
    values.push(outcome.value)
  }
  const [only] = values
  return { value: values.length === 1 && only !== undefined ? only : values.map(String).join('') }
}

/** Cuts a string at its templates. Braces and quotes within an expression are followed, so that maps and text may hold `}`. */
export function splitTemplate(text: string): TemplateParts {
  const parts: TemplatePart[] = []
  let literal = ''
  let at = 0
  while (at < text.length) {
    if (text.startsWith('$${', at)) {
      literal += '${'
      at += 3
    } else if (text.startsWith('${', at)) {
      const end = endOfExpression(text, at + 2)
      if (end === undefined) return { problem: `\`${shortened(text)}\` opens \`\${\` and never closes it.` }
      if (literal) parts.push({ text: literal })
      parts.push({ source: text.slice(at + 2, end), offset: at + 2 })
      literal = ''
      at = end + 1
    } else {
      literal += text[at]
      at += 1
    }
  }
  if (literal || parts.length === 0) parts.push({ text: literal })
  return { parts }
}

function endOfExpression(text: string, from: number): number | undefined {
  let depth = 0
  let quote: string | undefined
  for (let at = from; at < text.length; at++) {
    const char = text[at]
    if (quote !== undefined) {
      if (char === '\\') at += 1
      else if (char === quote) quote = undefined
    } else if (char === '"' || char === "'") quote = char
    else if (char === '{') depth += 1
    else if (char === '}') {
      if (depth === 0) return at
      depth -= 1
    }
  }
  return undefined
}

function fill(source: string, scope: TemplateScope): { readonly value: Scalar } | { readonly problem: string } {
  const parsed = parseExpression(source)
  if ('problem' in parsed) return { problem: `\`${shortened(source)}\` does not parse: ${parsed.problem}.` }
  const outcome = evaluate(parsed.expression, { inputs: scope.inputs, checks: scope.checks })
  if ('problem' in outcome) {
    if (outcome.missing === undefined) return { problem: `\`${shortened(source)}\`: ${outcome.problem}.` }
    return { problem: `\`${shortened(source)}\` needs \`${outcome.missing}\`, which is not there.` }
  }
  return scalar(outcome.value, parsed.expression, scope)
}

function scalar(value: unknown, expression: Expression, scope: TemplateScope): { value: Scalar } | { problem: string } {
  const source = shortened(expression.source)
  if (typeof value === 'boolean') return { value }
  if (typeof value === 'bigint') {
    if (Number.isSafeInteger(Number(value))) return { value: Number(value) }
    return { problem: `\`${source}\` gives a number too large to be exact.` }
  }
  if (typeof value === 'number') {
    if (Number.isFinite(value)) return { value: settleFraction(value, expression, scope) }
    return { problem: `\`${source}\` does not give a finite number.` }
  }
  if (typeof value !== 'string') return { problem: `\`${source}\` gives neither text nor a number nor true or false.` }
  if (readsChecks(expression)) {
    return { problem: `\`${source}\` is text from a check; take it in through an input, which has a format.` }
  }
  return { value }
}

/** A fraction that was computed from integers alone goes up to the next integer; one that was read stays as it is. */
function settleFraction(value: number, expression: Expression, scope: TemplateScope): number {
  if (Number.isInteger(value) || pathOf(expression.ast)) return value
  const read = referencesOf(expression).map((path) => readDataPath(scope, path))
  if (read.some((item) => typeof item === 'number' && !Number.isInteger(item))) return value
  // 300 * 1.1 is 330.00000000000006 in binary: 15 digits are what a double holds for certain.
  const exact = Math.abs(value) < 1e14 ? Number(value.toPrecision(15)) : value
  return Math.ceil(exact)
}

function readsChecks(expression: Expression): boolean {
  return referencesOf(expression).some(([root]) => root === 'checks')
}

function shortened(text: string): string {
  return text.length > 80 ? `${text.slice(0, 79)}…` : text
}
