import type { ConfigurationProblem } from '../domain/errors.ts'
import type { Files } from './files.ts'
import { Wrong } from './parsers.ts'
import type { Variable } from './variable.ts'
import { VARIABLES, type Values } from './variables.ts'

export type Environment = Readonly<Record<string, string | undefined>>

/** Every variable by itself: its value, and what is wrong with those that have none. */
export function readValues(
  env: Environment,
  files: Files,
): { values: Partial<Values>; problems: ConfigurationProblem[] } {
  const values: Record<string, unknown> = {}
  const problems: ConfigurationProblem[] = []
  for (const [name, variable] of Object.entries<Variable<unknown>>(VARIABLES)) {
    try {
      const given = find(name, variable, env, files) || variable.default
      values[name] = given ? variable.parse(given) : undefined
    } catch (error) {
      if (!(error instanceof Wrong)) throw error
      problems.push({ variable: name, remedy: error.message })
    }
  }
  return { values, problems }
}

/** The text of a variable, empty when there is none. A secret may be in the file that `NAME_FILE` names. */
function find(name: string, { secret }: Variable<unknown>, env: Environment, files: Files): string {
  const direct = env[name]?.trim() ?? ''
  const path = secret ? (env[`${name}_FILE`]?.trim() ?? '') : ''
  if (!path) return direct
  if (direct) throw new Wrong(`set either it or ${name}_FILE, not both`)
  const content = files.read(path)
  if (content === undefined) throw new Wrong(`let ${name}_FILE name a file that this process can read`)
  if (content.trim() === '') throw new Wrong(`put a value into the file that ${name}_FILE names`)
  return content.trim()
}
