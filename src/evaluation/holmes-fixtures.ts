import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import type { JsonObject } from '../domain/json.ts'
import { readYamlText } from '../knowledge/yaml-text.ts'
import type { RecordedLook, Scenario } from './scenario.ts'

/** The first line of a recording: which tool it is of, and with which arguments it is to be answered. */
const Head = z.object({ tool_name: z.string(), match_params: z.record(z.string(), z.json()).nullish() })
/** The second line: how the call went. */
const Result = z.object({
  status: z.string(),
  error: z.string().nullish(),
  params: z.record(z.string(), z.json()).nullish(),
})
const TestCase = z.looseObject({
  user_prompt: z.union([z.string(), z.array(z.string())]).optional(),
  expected_output: z.union([z.string(), z.array(z.string())]).default([]),
})
const Asked = z.looseObject({
  title: z.string().default(''),
  description: z.string().default(''),
  subject: z.record(z.string(), z.unknown()).default({}),
})

/** The marker by which such a folder is known. */
export const HOLMES_FILE = 'test_case.yaml'

/**
 * Reads a folder of recorded tool outputs in the shape of HolmesGPT's tests: `test_case.yaml`, `investigate_request.json` for
 * an alert, and one text file for each output. What it was recorded with must be asked for exactly; where the recording names
 * no arguments to match, those it was made with count.
 */
export async function readHolmesFolder(folder: string, id: string): Promise<Scenario | { problem: string }> {
  const text = await readFile(join(folder, HOLMES_FILE), 'utf8')
  const yaml = readYamlText(text)
  if ('problem' in yaml) return { problem: `${HOLMES_FILE}: ${yaml.problem}` }
  const test = TestCase.safeParse(yaml.data)
  if (!test.success) return { problem: `${HOLMES_FILE} is not of the known shape.` }
  const asked = await readAsked(join(folder, 'investigate_request.json'))
  const files = (await readdir(folder)).filter((name) => name.endsWith('.txt')).sort()
  const recordings = await Promise.all(
    files.map(async (name) => readRecording(await readFile(join(folder, name), 'utf8'))),
  )
  const { user_prompt: prompt, expected_output: expected } = test.data
  const question = (Array.isArray(prompt) ? prompt[0] : prompt) ?? ''
  const lines = typeof expected === 'string' ? proseLines(expected) : expected.flatMap(proseLines)
  return {
    id,
    title: question || asked?.title || id,
    severity: 'warning',
    labels: { alertname: asked?.title || 'Question', ...labelsOf(asked?.subject ?? {}) },
    annotations: asked ? { description: asked.description } : { question },
    known: [],
    required: [],
    looks: recordings.filter((look) => look !== undefined),
    script: undefined,
    expect: {
      findings: lines.some((line) => /not an issue/i.test(line)) ? ['not_a_problem'] : [],
      words: [],
      cites: [],
      action: undefined,
      never: [],
      lines: lines.filter((line) => !/not an issue/i.test(line)),
    },
    machinery: {},
  }
}

async function readAsked(path: string): Promise<z.infer<typeof Asked> | undefined> {
  const text = await readFile(path, 'utf8').catch(() => undefined)
  if (text === undefined) return undefined
  const read = Asked.safeParse(parsed(text))
  return read.success ? read.data : undefined
}

/** One recorded output; undefined for a file that is none. */
export function readRecording(text: string): RecordedLook | undefined {
  const [first = '', second = '', ...rest] = text.split('\n')
  const head = Head.safeParse(parsed(first))
  if (!head.success) return undefined
  const result = Result.safeParse(parsed(second))
  const body = (result.success ? rest : [second, ...rest]).join('\n').trim()
  const args = head.data.match_params ?? (result.success ? result.data.params : undefined) ?? {}
  return {
    tool: `holmes.${head.data.tool_name}`,
    args: withoutNulls(args as JsonObject),
    free: [],
    answer:
      result.success && result.data.status === 'error'
        ? { error: result.data.error || body || 'It failed.' }
        : {
            result: { output: body },
            summary:
              body
                .split('\n')
                .find((line) => line.trim().length > 2)
                ?.slice(0, 200) ?? 'no output',
          },
  }
}

function withoutNulls(args: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(args).filter(([, value]) => value !== null))
}

function labelsOf(subject: Readonly<Record<string, unknown>>): Record<string, string> {
  const named = ['name', 'namespace', 'node', 'container'] as const
  return Object.fromEntries(
    named.flatMap((name) => {
      const value = subject[name]
      return typeof value === 'string' && value !== '' ? [[name, value]] : []
    }),
  )
}

function proseLines(text: string): string[] {
  return text
    .split('\n')
    .map((line) => line.replace(/^\s*(?:[-*]|\d+\.)\s*/, '').trim())
    .filter((line) => line.length > 0 && !line.startsWith('#'))
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
