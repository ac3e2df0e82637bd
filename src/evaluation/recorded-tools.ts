import { hashOf, type Json, type JsonObject } from '../domain/json.ts'
import type { DeclaredTools } from '../tools/rules.ts'
import { toolRules } from '../tools/rules.ts'
import type { PublishedTool, Toolbox } from '../tools/toolbox.ts'
import type { RecordedLook } from './scenario.ts'

export interface RecordedTools {
  toolbox: Toolbox
  /** What reads, of the tools that the agent has no rule of its own for. */
  declared: DeclaredTools
  /** Every call that got this far. */
  asked: { tool: string; args: JsonObject; found: boolean }[]
}

/**
 * A toolbox that answers from a recording. A call that was not recorded with these very arguments answers "not found": a model
 * never gets what a neighbour said. Of two recordings that fit, the one with fewer wildcards counts, then the first.
 */
export function recordedTools(looks: readonly RecordedLook[], published: readonly PublishedTool[]): RecordedTools {
  const named = new Set(published.map(({ name }) => name))
  const others = [...new Set(looks.map(({ tool }) => tool))].filter((tool) => !named.has(tool))
  const tools = [...published, ...others.map((tool) => guessed(tool, looks))]
  const asked: RecordedTools['asked'] = []
  const defaults = new Map(tools.map(({ name, definition }) => [name, defaultsOf(definition)]))
  return {
    asked,
    declared: new Map(
      tools.filter((tool) => !toolRules.has(tool.name) && reads(tool)).map(({ name }) => [name, 'read']),
    ),
    toolbox: {
      tools: async () => tools,
      find: async (name) => tools.find((tool) => tool.name === name),
      async call(tool, args) {
        const look = recorded(looks, tool, stated(args, defaults.get(tool) ?? {}))
        asked.push({ tool, args, found: look !== undefined })
        if (!look) return refused('not_found', `Nothing was recorded for ${tool} with these arguments: not found.`)
        if ('error' in look.answer) return refused('recorded', look.answer.error)
        return { ok: true, ...look.answer, tookMs: 0 }
      },
      status: () => [],
      close: async () => {},
    },
  }
}

function recorded(looks: readonly RecordedLook[], tool: string, args: JsonObject): RecordedLook | undefined {
  const fitting = looks.filter((look) => look.tool === tool && fits(look, args))
  return fitting.toSorted((a, b) => wildcards(a) - wildcards(b))[0]
}

function fits({ args: wanted, free }: RecordedLook, args: JsonObject): boolean {
  const known = stated(wanted, {})
  const given = Object.entries(args).filter(([name]) => name in known || !free.includes(name))
  return (
    given.length === Object.keys(known).length &&
    given.every(([name, value]) => name in known && (known[name] === '*' || same(known[name], value)))
  )
}

function wildcards({ args }: RecordedLook): number {
  return Object.values(args).filter((value) => value === '*').length
}

/** Arguments that say something: neither null nor what the tool takes anyway. */
function stated(args: JsonObject, defaults: JsonObject): JsonObject {
  const entries = Object.entries(args).filter(
    ([name, value]) => value !== null && !(name in defaults && same(defaults[name], value)),
  )
  return Object.fromEntries(entries)
}

function same(a: Json | undefined, b: Json | undefined): boolean {
  return a !== undefined && b !== undefined && hashOf(a) === hashOf(b)
}

function defaultsOf(definition: JsonObject): JsonObject {
  const { properties = {} } = Object(definition.inputSchema) as { properties?: Record<string, { default?: Json }> }
  const entries = Object.entries(properties).flatMap(([name, property]): [string, Json][] =>
    property.default === undefined ? [] : [[name, property.default]],
  )
  return Object.fromEntries(entries)
}

function reads({ definition }: PublishedTool): boolean {
  const meta = Object(definition._meta) as JsonObject
  return meta['watchkeeper/effect'] === 'read'
}

/** A tool that is known from its recordings alone: it takes what it was given there. */
function guessed(tool: string, looks: readonly RecordedLook[]): PublishedTool {
  const all = looks.filter((look) => look.tool === tool)
  const names = [...new Set(all.flatMap(({ args, free }) => [...Object.keys(args), ...free]))].sort()
  const properties = Object.fromEntries(names.map((name): [string, Json] => [name, {}]))
  const definition: JsonObject = {
    name: tool.slice(tool.indexOf('.') + 1),
    description: 'A tool known from its recordings.',
    inputSchema: { type: 'object', properties, additionalProperties: false },
    _meta: { 'watchkeeper/effect': 'read' },
  }
  return { name: tool, contract: hashOf(definition), definition }
}

function refused(code: string, message: string) {
  return { ok: false as const, code, message, retryable: false, uncertain: false, tookMs: 0 }
}
