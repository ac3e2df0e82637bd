import type { ASTNode } from '@marcbachmann/cel-js'
import { childrenOf, type Expression, macroVariable, pathOf } from './cel-expressions.ts'
import { resolve, type Schema, typesOf } from './schema-fit.ts'

/** Output schemas by the path of the value they describe: `result`, `checks.oom.result`. */
export type Shapes = ReadonlyMap<string, object>

/** What is known of a value: its schema and the whole that references in it go into. Undefined: nothing. */
type Shape = { readonly schema: Schema; readonly root: Schema } | undefined

/**
 * The keys an expression reads that, by the tools' own output schemas, are never there: `result.restart_since`. Follows
 * lists through `exists`, `all` and their kin. Where a schema leaves room for more keys, nothing is said.
 */
export function keysNeverThere(expression: Expression, shapes: Shapes): string[] {
  const found = new Set<string>()
  walk(expression.ast, new Map())
  return [...found]

  function walk(node: ASTNode, bound: ReadonlyMap<string, Shape>): void {
    shapeOf(node, bound)
    const variable = macroVariable(node)
    const inner = variable === undefined ? bound : new Map([...bound, [variable, listOf(node, bound)] as const])
    for (const child of childrenOf(node)) walk(child, inner)
  }

  function listOf(node: ASTNode, bound: ReadonlyMap<string, Shape>): Shape {
    return node.op === 'rcall' ? itemOf(shapeOf(node.args[1], bound)) : undefined
  }

  function shapeOf(node: ASTNode, bound: ReadonlyMap<string, Shape>): Shape {
    const path = pathOf(node)
    const root = path?.[0]
    if (path && root !== undefined && !bound.has(root)) {
      const known = shapes.get(path.join('.'))
      if (known) return { schema: known, root: known }
    }
    if (node.op === 'id') return bound.get(node.args)
    if (node.op === '[]') return itemOf(shapeOf(node.args[0], bound), literalKey(node.args[1]))
    if (node.op === 'rcall' && node.args[0] === 'filter') return shapeOf(node.args[1], bound)
    if (node.op !== '.') return undefined
    const parent = shapeOf(node.args[0], bound)
    const step = keyOf(parent, node.args[1])
    if (step === 'never') found.add(`${path?.join('.') ?? `….${node.args[1]}`}`)
    return step === 'never' ? undefined : step
  }
}

/** The type a plain path surely has by the schemas, such as `string`; undefined where it is open. */
export function typeOfPath(path: readonly string[], shapes: Shapes): string | undefined {
  const shape = shapeOfPath(path, shapes)
  if (!shape || shape === 'never') return undefined
  const types = typesOf(resolve(shape.schema, shape.root)).filter((type) => type !== 'null')
  return types.length === 1 ? types[0] : undefined
}

/** Whether a plain path leads, by the schemas, to a key that does not exist. */
export function isNeverThere(path: readonly string[], shapes: Shapes): boolean {
  return shapeOfPath(path, shapes) === 'never'
}

function shapeOfPath(path: readonly string[], shapes: Shapes): Shape | 'never' {
  const start = path.findIndex((_, i) => shapes.has(path.slice(0, i + 1).join('.')))
  const schema = shapes.get(path.slice(0, start + 1).join('.'))
  let shape: Shape | 'never' = schema ? { schema, root: schema } : undefined
  for (const key of path.slice(start + 1)) {
    if (!shape || shape === 'never') return shape
    shape = /^\d+$/.test(key) ? itemOf(shape) : keyOf(shape, key)
  }
  return shape
}

function keyOf(parent: Shape, key: string): Shape | 'never' {
  if (!parent) return undefined
  const schema = resolve(parent.schema, parent.root)
  const known = schema.properties && Object.hasOwn(schema.properties, key) ? schema.properties[key] : undefined
  if (known) return { schema: known, root: parent.root }
  const choices = [...(schema.anyOf ?? []), ...(schema.oneOf ?? []), ...(schema.allOf ?? [])]
  const found = choices.map((choice) => keyOf({ schema: choice, root: parent.root }, key))
  const certain = found.find((shape) => shape !== undefined && shape !== 'never')
  if (certain) return certain
  if (typeof schema.additionalProperties === 'object') return { schema: schema.additionalProperties, root: parent.root }
  if (schema.properties && schema.additionalProperties === false) return 'never'
  return found.length > 0 && found.every((shape) => shape === 'never') ? 'never' : undefined
}

function itemOf(list: Shape, key?: string): Shape {
  if (!list) return undefined
  const schema = resolve(list.schema, list.root)
  if (schema.items) return { schema: schema.items, root: list.root }
  const step = key === undefined ? undefined : keyOf(list, key)
  return step === 'never' ? undefined : step
}

function literalKey(node: ASTNode): string | undefined {
  return node.op === 'value' && typeof node.args === 'string' ? node.args : undefined
}
