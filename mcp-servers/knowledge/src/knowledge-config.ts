import { readFileSync } from 'node:fs'
import { ConfigurationError, type Env } from '@watchkeeper/mcp-shared'

/** How a Watchkeeper is reached. */
export type Access = { name: string; url: string; token: string }

/** WATCHKEEPER_URL and KNOWLEDGE_TOKEN, or the file named by KNOWLEDGE_TOKEN_FILE. Throws `ConfigurationError`, without a value. */
export function knowledgeAccess(env: Env): Access {
  const problems: string[] = []
  const url = env.WATCHKEEPER_URL ?? ''
  if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol))
    problems.push('Set WATCHKEEPER_URL to the address of Watchkeeper, such as http://127.0.0.1:8484.')
  const token = tokenOf(env, problems)
  if (token === '') problems.push('Set KNOWLEDGE_TOKEN to the token that Watchkeeper was started with.')
  if (problems.length > 0) throw new ConfigurationError(problems)
  return { name: 'watchkeeper', url: url.replace(/\/+$/, ''), token }
}

function tokenOf(env: Env, problems: string[]): string {
  const path = env.KNOWLEDGE_TOKEN_FILE
  if (!path) return env.KNOWLEDGE_TOKEN?.trim() ?? ''
  try {
    return readFileSync(path, 'utf8').trim()
  } catch {
    problems.push('KNOWLEDGE_TOKEN_FILE: the file cannot be read.')
    return 'unread'
  }
}
