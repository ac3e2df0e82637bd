import { type ASTNode, Environment, EvaluationError, ParseError, serialize } from '@marcbachmann/cel-js'

/**
 * CEL, the expression language of Kubernetes (https://github.com/google/cel-spec), as runbooks use it: over JSON, with
 * structural limits, and with integers and doubles that may be mixed (`limit * 1.5`), which plain CEL refuses.
 */

/** The variables an expression may name. A condition sees all of them, a template only `inputs` and `checks`. */
export type Variable = 'alert' | 'inputs' | 'checks' | 'result'

/** A value an expression reads: `['checks', 'oom', 'result', 'limit']`. A computed index ends the path. */
export type Reference = readonly string[]

export type Expression = { readonly ast: ASTNode; readonly source: string; run(variables: object): unknown }

export type Parsed = { readonly expression: Expression } | { readonly problem: string; readonly offset?: number }

/** What came of an evaluation; `missing` is the key that was not there. */
export type Evaluated = { readonly value: unknown } | { readonly problem: string; readonly missing?: string }

const VARIABLES: readonly Variable[] = ['alert', 'inputs', 'checks', 'result']
const MACROS_WITH_A_VARIABLE = new Set(['all', 'exists', 'exists_one', 'filter', 'map'])
const MAX_SOURCE = 2_000
const MAX_DEPTH_OF_DATA = 64

const environment = buildEnvironment()

function buildEnvironment(): Environment {
  const limits = { maxAstNodes: 500, maxDepth: 32, maxListElements: 100, maxMapEntries: 100, maxCallArguments: 8 }
  const env = new Environment({ homogeneousAggregateLiterals: false, limits })
  for (const variable of VARIABLES) env.registerVariable(variable, 'dyn')
  const arithmetic: readonly [string, (a: number, b: number) => number][] = [
    ['+', (a, b) => a + b],
    ['-', (a, b) => a - b],
    ['*', (a, b) => a * b],
    ['/', (a, b) => a / b],
  ]
  for (const [operator, apply] of arithmetic) {
    const mixed = (a: bigint | number, b: bigint | number) => apply(Number(a), Number(b))
    env.registerOperator(`int ${operator} double: double`, mixed)
    env.registerOperator(`double ${operator} int: double`, mixed)
  }
  // `==` between the two exists for values of unknown type only. Its mirror and its negation come with it.
  env.registerOperator('int == double: bool', (a: bigint, b: number) => Number(a) === b)
  return env
}

/** Parses and type-checks; the problem is a sentence without the position, `offset` counts characters from 0. */
export function parseExpression(source: string): Parsed {
  if (source.length > MAX_SOURCE) return { problem: `it is longer than ${MAX_SOURCE} characters` }
  try {
    const program = environment.parse(source)
    const checked = program.check()
    const wrong = checked.valid ? undefined : checked.error
    if (wrong && wrong.code !== 'unknown_variable') {
      return { problem: wrong.summary, ...(wrong.range ? { offset: wrong.range.start } : {}) }
    }
    return { expression: { ast: program.ast, source, run: (variables) => program({ ...variables }) } }
  } catch (error) {
    if (!(error instanceof ParseError)) return { problem: error instanceof Error ? error.message : String(error) }
    return { problem: error.summary, ...(error.range ? { offset: error.range.start } : {}) }
  }
}

/** Evaluates over plain JSON. Never throws: what goes wrong in an expression is ordinary data here. */
export function evaluate(expression: Expression, scope: Readonly<Record<string, unknown>>): Evaluated {
  try {
    const variables = Object.entries(scope).map(([name, value]) => [name, toCel(value, 0)] as const)
    return { value: expression.run(Object.fromEntries(variables)) }
  } catch (error) {
    if (!(error instanceof EvaluationError)) return { problem: error instanceof Error ? error.message : String(error) }
    if (error.code === 'no_such_key' || error.code === 'index_out_of_bounds') {
      return { problem: error.summary, missing: error.summary.replace(/^No such key: /, '') }
    }
    return { problem: error.summary }
  }
}

/** JSON integers become CEL ints (bigint), objects become maps: keys such as `constructor` are only names there. */
function toCel(value: unknown, depth: number): unknown {
  if (depth > MAX_DEPTH_OF_DATA) return null
  if (typeof value === 'number') return Number.isSafeInteger(value) ? BigInt(value) : value
  if (Array.isArray(value)) return value.map((item) => toCel(item, depth + 1))
  if (typeof value !== 'object' || value === null) return value === undefined ? null : value
  const entries = Object.entries(value).filter(([, item]) => item !== undefined)
  return new Map(entries.map(([key, item]) => [key, toCel(item, depth + 1)]))
}

/** Every value the expression reads from outside itself, in order of appearance. */
export function referencesOf(expression: Expression): Reference[] {
  const found: Reference[] = []
  visit(expression.ast, new Set())
  return found

  function visit(node: ASTNode, bound: ReadonlySet<string>): void {
    const path = pathOf(node)
    if (path) {
      if (!bound.has(path[0] ?? '')) found.push(path)
      return
    }
    const variable = macroVariable(node)
    const inner = variable === undefined ? bound : new Set([...bound, variable])
    for (const child of childrenOf(node)) visit(child, inner)
  }
}

/** The variable that `list.exists(c, …)` and its kin bring in, and the list it runs over. */
export function macroVariable(node: ASTNode): string | undefined {
  if (node.op !== 'rcall' || !MACROS_WITH_A_VARIABLE.has(node.args[0])) return undefined
  const first = node.args[2][0]
  return first?.op === 'id' ? first.args : undefined
}

/** The names from a variable down to this node, where all of them are written out. */
export function pathOf(node: ASTNode): string[] | undefined {
  if (node.op === 'id') return [node.args]
  if (node.op !== '.' && node.op !== '[]') return undefined
  const parent = pathOf(node.args[0])
  if (!parent) return undefined
  if (node.op === '.') return [...parent, node.args[1]]
  const index = node.args[1]
  const literal = index.op === 'value' && (typeof index.args === 'string' || typeof index.args === 'bigint')
  return literal ? [...parent, String(index.args)] : undefined
}

/** The nodes directly below one. */
export function childrenOf(node: ASTNode): ASTNode[] {
  const found: ASTNode[] = []
  const gather = (part: unknown): void => {
    if (Array.isArray(part)) part.forEach(gather)
    else if (isNode(part)) found.push(part)
  }
  gather(node.args)
  return found
}

function isNode(value: unknown): value is ASTNode {
  return typeof value === 'object' && value !== null && 'op' in value && 'args' in value
}

/** The patterns that are written out in calls of `matches`. */
export function patternsOf(expression: Expression): string[] {
  return allNodes(expression.ast).flatMap((node) => {
    const pattern = node.op === 'rcall' && node.args[0] === 'matches' ? node.args[2][0] : undefined
    return pattern?.op === 'value' && typeof pattern.args === 'string' ? [pattern.args] : []
  })
}

/** Whether the whole expression compares a thing with itself in a way that always holds. */
export function hasEqualSides({ ast }: Expression): boolean {
  if (ast.op !== '==' && ast.op !== '<=' && ast.op !== '>=') return false
  return serialize(ast.args[0]) === serialize(ast.args[1])
}

function allNodes(node: ASTNode): ASTNode[] {
  return [node, ...childrenOf(node).flatMap(allNodes)]
}
