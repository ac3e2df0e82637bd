import type { PublishedTool } from '../../mcp-servers/shared/src/catalog.ts'

type Schema = {
  type?: string
  description?: string
  enum?: readonly unknown[]
  anyOf?: readonly Schema[]
  items?: Schema
  properties?: Record<string, Schema>
  required?: readonly string[]
  default?: unknown
  minimum?: number
  maximum?: number
  maxLength?: number
  pattern?: string
  $ref?: string
  $defs?: Record<string, Schema>
}

const CLASSES = [
  ['read', 'Looking'],
  ['write', 'Changing'],
  ['destructive', 'Changing what may cost data or service'],
] as const

/** The reference page of one server, from what it publishes and nothing else. */
export function toolPage(server: string, tools: readonly PublishedTool[]): string {
  const sections = CLASSES.flatMap(([effect, title]) => {
    const found = tools.filter((tool) => tool._meta['watchkeeper/effect'] === effect)
    return found.length === 0 ? [] : [`## ${title}`, ...found.map(section)]
  })
  const intro = `The ${tools.length} tools of the ${server} server as it publishes them with one cluster. With several, each takes \`cluster\` too.
[Its README](../../mcp-servers/${server}/README.md) says how to start it and what it needs. What every tool has in common is
[on a page of its own](README.md). This page is made by \`npm run docs\`.`
  return `${[`# Tools: ${server}`, intro, ...sections].join('\n\n')}\n`
}

function section({ name, title, description, inputSchema, outputSchema, annotations, _meta }: PublishedTool): string {
  const { 'watchkeeper/undoable': undoable, 'watchkeeper/untrusted': untrusted } = _meta
  const manners = [
    ...(undoable === null ? [] : [undoable ? 'A later call can undo it.' : 'Nothing undoes it.']),
    ...(undoable !== null && annotations.idempotentHint ? ['The same call again changes nothing more.'] : []),
    ...(untrusted ? ['Its answer carries texts that strangers may have written.'] : []),
  ]
  const input = inputSchema as Schema
  const rows = Object.entries(input.properties ?? {}).map(([key, schema]) => argumentRow(key, schema, input))
  const table = ['| argument | type | |', '|---|---|---|', ...rows].join('\n')
  const answer = Object.entries((outputSchema as Schema).properties ?? {})
    .filter(([key]) => key !== 'error')
    .map(([key, schema]) => `\`${key}\` ${typeOf(schema, outputSchema as Schema)}`)
  return [
    `### \`${name}\``,
    `${title}. ${description}${manners.length > 0 ? ` *${manners.join(' ')}*` : ''}`,
    ...(rows.length > 0 ? [table] : ['No arguments.']),
    `Answers ${answer.join(', ')}.`,
  ].join('\n\n')
}

function argumentRow(key: string, schema: Schema, { required = [] }: Schema): string {
  const said = [
    schema.description,
    schema.default === undefined ? undefined : `\`${JSON.stringify(schema.default)}\` when left out.`,
    boundsOf(schema),
  ].filter((part) => part !== undefined)
  const name = required.includes(key) ? `\`${key}\`` : `\`${key}\`, optional`
  return `| ${name} | ${escaped(typeOf(schema, schema))} | ${escaped(said.join(' '))} |`
}

function boundsOf({ minimum, maximum, maxLength }: Schema): string | undefined {
  if (minimum !== undefined && maximum !== undefined) return `${minimum} to ${maximum}.`
  if (minimum !== undefined) return `At least ${minimum}.`
  if (maximum !== undefined) return `At most ${maximum}.`
  return maxLength === undefined ? undefined : `At most ${maxLength} characters.`
}

function typeOf(schema: Schema, root: Schema): string {
  const { $ref, anyOf, enum: choices, type, items } = schema
  if ($ref !== undefined) return typeOf(root.$defs?.[$ref.slice('#/$defs/'.length)] ?? {}, root)
  if (anyOf) return [...new Set(anyOf.map((branch) => typeOf(branch, root)))].join(' or ')
  if (choices) return choices.map((choice) => `\`${String(choice)}\``).join(', ')
  if (type === 'array') return `list of ${items ? typeOf(items, root) : 'anything'}`
  return type ?? 'anything'
}

function escaped(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('\n', ' ').replaceAll('<', '&lt;')
}
