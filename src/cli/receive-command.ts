import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { nearAddressOf } from '../config/address.ts'
import { type Config, readConfig } from '../config.ts'
import { OperatorError } from '../domain/errors.ts'
import type { Credentials } from '../ingest/credentials.ts'
import { receive } from './receive.ts'

/** Posts a file to the agent that this configuration is of, unless told another. */
export async function receiveCommand(
  file: string,
  { url, token }: { url?: string; token?: string },
  env: Readonly<Record<string, string | undefined>>,
): Promise<number> {
  const config = readConfig(env)
  const credentials = token === undefined ? await credentialsOf(config) : { token }
  process.stdout.write(
    `${await receive(file, { url: url ?? nearAddressOf(config.host, config.port), ...credentials })}\n`,
  )
  return 0
}

/** What the agent of this configuration takes: it makes a token only where nothing is set. */
async function credentialsOf({ webhook, dataDir }: Config): Promise<Credentials> {
  if (webhook.token !== undefined || webhook.basic) return { token: webhook.token, basic: webhook.basic }
  return { token: await generatedToken(dataDir) }
}

async function generatedToken(dataDir: string): Promise<string> {
  try {
    return (await readFile(join(dataDir, 'keys', 'webhook-token'), 'utf8')).trim()
  } catch (error) {
    throw new OperatorError(
      `No webhook token is known: ${dataDir} has none yet. Start the agent once with the same DATA_DIR, or give --token.`,
      { cause: error },
    )
  }
}
