import { generateKeyPairSync } from 'node:crypto'
import { readConfig } from '../config.ts'
import { OperatorError } from '../domain/errors.ts'
import { compared, type Published, pin, unpin } from '../tools/contract-pins.ts'
import { grantSigner } from '../tools/grants.ts'
import { configuredServers, openTools } from '../tools/open-tools.ts'
import { createLog } from './log.ts'
import { withDatabase } from './with-database.ts'

type Environment = Readonly<Record<string, string | undefined>>

/** Accepts what a set-aside server publishes now: says what is different, and pins exactly that, not what may come after. */
export async function acceptCommand(server: string, env: Environment): Promise<number> {
  const published = await publishedBy(server, env)
  const { changed, fresh } = await withDatabase(readConfig(env), async (sql) => {
    const found = await compared(sql, server, published)
    await unpin(sql, server)
    await pin(sql, server, published.tools, 'an admin, by tools accept')
    return found
  })
  for (const line of changed) process.stdout.write(`  ${line}\n`)
  for (const { name } of fresh) process.stdout.write(`  ${name}: it is new\n`)
  process.stdout.write(
    `${published.tools.length} tools of ${server} are accepted as they are now. An agent that runs sees it when it next asks for one.\n`,
  )
  return 0
}

/** Connects to the one server and notes what it publishes. */
async function publishedBy(server: string, env: Environment): Promise<Published> {
  const config = readConfig(env)
  const { servers } = await configuredServers(config, env)
  const entry = servers.get(server)
  if (!entry)
    throw new OperatorError(
      `No server is called ${server}. There are: ${[...servers.keys()].join(', ') || 'none, as nothing is configured'}.`,
    )
  let seen: Published | undefined
  const pem = generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
  const toolbox = openTools(new Map([[server, entry]]), {
    signer: grantSigner(pem),
    log: createLog('silent'),
    pins: {
      async check(_server, published) {
        seen = published
        return undefined
      },
    },
  })
  try {
    await toolbox.tools()
    const [status] = toolbox.status()
    if (!seen || status?.state !== 'ready')
      throw new OperatorError(`The ${server} server cannot be asked for its tools: ${status?.because ?? 'no answer'}.`)
    return seen
  } finally {
    await toolbox.close()
  }
}
