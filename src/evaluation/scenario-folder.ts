import { readdir, readFile, stat } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { z } from 'zod'
import { OperatorError } from '../domain/errors.ts'
import { hashOf, type JsonObject } from '../domain/json.ts'
import { readYamlText } from '../knowledge/yaml-text.ts'
import type { PublishedTool } from '../tools/toolbox.ts'
import { HOLMES_FILE, readHolmesFolder } from './holmes-fixtures.ts'
import { readScenario, type Scenario } from './scenario.ts'

/** A folder of recorded incidents. */
export interface ScenarioFolder {
  scenarios: readonly Scenario[]
  /** The tools a model is offered, as their servers publish them; those of recordings alone come on top. */
  published: readonly PublishedTool[]
  /** Where the runbooks of these incidents are; undefined: those of this installation. */
  runbooks: string | undefined
}

const SCENARIO_FILE = 'scenario.yaml'
const ABOUT_FILE = 'eval.yaml'
const About = z.strictObject({ tools: z.record(z.string(), z.string()).default({}), runbooks: z.string().optional() })

/**
 * Reads a folder with one folder for each scenario, and with `eval.yaml` where there is one: lists of tools, a JSON line each,
 * and runbooks, by their paths from there. Throws OperatorError with the file and what to change in it.
 */
export async function readScenarioFolder(folder: string): Promise<ScenarioFolder> {
  const there = await stat(folder).catch(() => undefined)
  if (!there?.isDirectory()) throw new OperatorError(`${folder} is not a folder. Name one that has scenarios in it.`)
  const about = await readAbout(folder)
  const names = (await readdir(folder, { withFileTypes: true }))
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name)
  const scenarios = await Promise.all(names.sort().map((name) => readOne(folder, name)))
  const found = scenarios.filter((one) => one !== undefined)
  if (found.length === 0)
    throw new OperatorError(`${folder} has no scenarios: no folder in it has a ${SCENARIO_FILE} or a ${HOLMES_FILE}.`)
  const lists = Object.entries(about.tools).map(([server, path]) => readTools(server, resolve(folder, path)))
  return {
    scenarios: found,
    published: (await Promise.all(lists)).flat(),
    runbooks: about.runbooks === undefined ? undefined : resolve(folder, about.runbooks),
  }
}

async function readOne(folder: string, name: string): Promise<Scenario | undefined> {
  const inside = new Set(await readdir(join(folder, name)))
  const path = join(folder, name, inside.has(SCENARIO_FILE) ? SCENARIO_FILE : HOLMES_FILE)
  if (inside.has(SCENARIO_FILE)) return orThrow(path, readScenario(name, await yamlOf(path)))
  return inside.has(HOLMES_FILE) ? orThrow(path, await readHolmesFolder(join(folder, name), name)) : undefined
}

function orThrow(path: string, read: Scenario | { problem: string }): Scenario {
  if ('problem' in read) throw new OperatorError(`${path}: ${read.problem}`)
  return read
}

async function readAbout(folder: string): Promise<z.infer<typeof About>> {
  const path = join(folder, ABOUT_FILE)
  const there = await stat(path).catch(() => undefined)
  if (!there) return { tools: {} }
  const read = About.safeParse(await yamlOf(path))
  if (read.success) return read.data
  throw new OperatorError(
    `${path}: it may name tools (a file for each server) and runbooks (a folder), and nothing else.`,
  )
}

async function yamlOf(path: string): Promise<unknown> {
  const read = readYamlText(await readFile(path, 'utf8'))
  if ('problem' in read) throw new OperatorError(`${path}: ${read.problem}`)
  return read.data
}

async function readTools(server: string, path: string): Promise<PublishedTool[]> {
  const text = await readFile(path, 'utf8').catch((cause) => {
    throw new OperatorError(`${path}, the tools of ${server}, cannot be read.`, { cause })
  })
  return text
    .split('\n')
    .filter(Boolean)
    .map((line) => {
      const definition = JSON.parse(line) as JsonObject
      return { name: `${server}.${String(definition.name)}`, contract: hashOf(definition), definition }
    })
}
