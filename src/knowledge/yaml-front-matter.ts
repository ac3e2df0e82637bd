import { isMap, isPair, isScalar, isSeq, LineCounter, parseDocument } from 'yaml'
import type { Position, Problem } from '../domain/runbook.ts'

/** The two parts of a runbook file; `positions` go by JSON pointer and count lines of the whole file. */
export interface FrontMatter {
  readonly data: unknown
  readonly positions: Record<string, Position>
  readonly prose: string
}

export type SplitFile = { readonly frontMatter: FrontMatter } | { readonly problems: Problem[] }

const FENCE = /^---[ \t]*$/
const MAX_FILE = 256 * 1024
const MAX_DEPTH = 20
const MAX_FAULTS = 10

/**
 * Splits a Markdown file into its YAML front matter (between two lines of `---` at the very top) and its prose. YAML 1.2,
 * without anchors, aliases and tags: a runbook says what it means where it says it. Never throws.
 */
export function splitFrontMatter(text: string, path: string): SplitFile {
  const problem = (line: number, message: string, hint?: string): SplitFile => ({
    problems: [{ path, line, severity: 'error', message, ...(hint ? { hint } : {}) }],
  })
  if (text.length > MAX_FILE) return problem(1, 'The file is larger than 256 KiB.', 'Shorten it, or split it in two.')
  if (!isSoundText(text)) return problem(1, 'The file holds broken characters.', 'Save it as UTF-8 text.')
  const lines = text.replace(/^\uFEFF/, '').split(/\r?\n/)
  if (!FENCE.test(lines[0] ?? '')) {
    return problem(
      1,
      'The file does not begin with front matter.',
      'Make `---` its first line, YAML after it, and another `---`.',
    )
  }
  const end = lines.findIndex((line, i) => i > 0 && FENCE.test(line))
  if (end === -1) return problem(1, 'The front matter is never closed.', 'Add a line of `---` before the prose.')
  const yaml = parseYaml(lines.slice(1, end).join('\n'), path)
  if ('problems' in yaml) return yaml
  return {
    frontMatter: {
      ...yaml,
      prose: lines
        .slice(end + 1)
        .join('\n')
        .trim(),
    },
  }
}

type ParsedYaml =
  | { readonly data: unknown; readonly positions: Record<string, Position> }
  | { readonly problems: Problem[] }

function parseYaml(source: string, path: string): ParsedYaml {
  const counter = new LineCounter()
  const positionOf = (offset: number): Position => {
    const { line, col } = counter.linePos(offset)
    return { line: line + 1, column: Math.max(1, col) } // the fence above is line 1
  }
  const fault = (offset: number, message: string): Problem => {
    const { line, column } = positionOf(offset)
    return { path, line, column, severity: 'error', message }
  }
  try {
    const document = parseDocument(source, {
      lineCounter: counter,
      prettyErrors: false,
      version: '1.2',
      logLevel: 'silent',
    })
    const faults = [...document.errors, ...document.warnings].map((error) =>
      fault(error.pos[0], yamlSentence(error.message)),
    )
    if (faults.length > 0) return { problems: faults.slice(0, MAX_FAULTS) }
    const positions: Record<string, Position> = { '': { line: 2, column: 1 } }
    const reference = gatherPositions(document.contents, '', positions, positionOf)
    if (reference !== undefined)
      return { problems: [fault(reference, 'Anchors and aliases are not used in runbooks.')] }
    const data: unknown = document.toJS({ maxAliasCount: 0 })
    const refused = refuseData(data, 0)
    if (refused !== undefined) return { problems: [fault(0, refused)] }
    return { data, positions }
  } catch (error) {
    return { problems: [fault(0, yamlSentence(error instanceof Error ? error.message : String(error)))] }
  }
}

/** Notes where each value stands (for a value in a map: where its key stands). Gives the place of the first anchor or alias. */
function gatherPositions(
  node: unknown,
  pointer: string,
  into: Record<string, Position>,
  positionOf: (offset: number) => Position,
): number | undefined {
  if (isScalar(node)) return node.anchor === undefined ? undefined : (node.range?.[0] ?? 0)
  if (!isMap(node) && !isSeq(node)) return node === null || node === undefined ? undefined : rangeStart(node)
  if (node.anchor !== undefined) return node.range?.[0] ?? 0
  for (const [i, item] of node.items.entries()) {
    const key = isPair(item) ? pointerPart(isScalar(item.key) ? String(item.key.value) : '') : String(i)
    const at = isPair(item) ? rangeStart(item.key) : rangeStart(item)
    into[`${pointer}/${key}`] = positionOf(at)
    const found = gatherPositions(isPair(item) ? item.value : item, `${pointer}/${key}`, into, positionOf)
    if (found !== undefined) return found
  }
  return undefined
}

/** What may not be hashed, stored or walked through: half characters and NULs (YAML can escape them), and the bottomless. */
function refuseData(value: unknown, depth: number): string | undefined {
  if (depth > MAX_DEPTH) return `The front matter is nested deeper than ${MAX_DEPTH} levels.`
  if (typeof value === 'string')
    return isSoundText(value) ? undefined : 'The front matter escapes half a character or a NUL.'
  if (typeof value !== 'object' || value === null) return undefined
  for (const [key, item] of Object.entries(value)) {
    const refused = refuseData(key, depth) ?? refuseData(item, depth + 1)
    if (refused !== undefined) return refused
  }
  return undefined
}

function isSoundText(text: string): boolean {
  return text.isWellFormed() && !text.includes('\0')
}

function rangeStart(node: unknown): number {
  if (typeof node !== 'object' || node === null || !('range' in node) || !Array.isArray(node.range)) return 0
  return typeof node.range[0] === 'number' ? node.range[0] : 0
}

/** One key of a JSON pointer (RFC 6901). */
export function pointerPart(key: string | number): string {
  return String(key).replaceAll('~', '~0').replaceAll('/', '~1')
}

function yamlSentence(message: string): string {
  const [first = ''] = message.split('\n')
  return `This is not YAML as runbooks use it: ${first.replace(/[.:]\s*$/, '')}.`
}
