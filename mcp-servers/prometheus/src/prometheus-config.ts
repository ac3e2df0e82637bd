import { readFileSync } from 'node:fs'
import { ConfigurationError, type Env } from '@watchkeeper/mcp-shared'

/** How one Prometheus is reached. */
export type Access = { name: string; url: string; token: string | undefined }

/**
 * PROMETHEUS_URL is an address, or several as `name=address, …`. PROMETHEUS_TOKEN, or the file named by PROMETHEUS_TOKEN_FILE,
 * is sent to all of them. Throws `ConfigurationError` with every problem, and no value.
 */
export function prometheusAccess(env: Env): Access[] {
  const problems: string[] = []
  const token = tokenOf(env, problems)
  const entries = (env.PROMETHEUS_URL ?? '').split(',').map((entry) => entry.trim())
  const access = entries
    .filter((entry) => entry !== '')
    .map((entry) => {
      const [, name = 'prometheus', address = ''] = /^(?:([a-z0-9][a-z0-9-]{0,62})=)?(.*)$/.exec(entry) ?? []
      if (!URL.canParse(address) || !/^https?:$/.test(new URL(address).protocol))
        problems.push(`PROMETHEUS_URL: "${name}" needs an address that begins with http:// or https://.`)
      return { name, url: address.replace(/\/+$/, ''), token }
    })
  if (access.length === 0)
    problems.push('Set PROMETHEUS_URL to the address of Prometheus, such as http://prometheus:9090.')
  if (new Set(access.map(({ name }) => name)).size < access.length)
    problems.push('PROMETHEUS_URL: give every address a name of its own, as in main=http://…, cabin=http://….')
  if (problems.length > 0) throw new ConfigurationError(problems)
  return access
}

function tokenOf(env: Env, problems: string[]): string | undefined {
  const path = env.PROMETHEUS_TOKEN_FILE
  if (!path) return env.PROMETHEUS_TOKEN?.trim() || undefined
  try {
    return readFileSync(path, 'utf8').trim()
  } catch {
    problems.push('PROMETHEUS_TOKEN_FILE: the file cannot be read.')
    return undefined
  }
}
