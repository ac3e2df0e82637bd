import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { readConfig } from '../config.ts'
import { OperatorError } from '../domain/errors.ts'
import { receive } from './receive.ts'

/** Posts a file to the agent that this configuration is of, unless told another. */
export async function receiveCommand(
  file: string,
  { url, token }: { url?: string; token?: string },
  env: Readonly<Record<string, string | undefined>>,
): Promise<number> {
  const config = readConfig(env)
  const known = token ?? config.webhook.token ?? (await generatedToken(config.dataDir))
  process.stdout.write(`${await receive(file, { url: url ?? `http://${config.host}:${config.port}`, token: known })}\n`)
  return 0
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
