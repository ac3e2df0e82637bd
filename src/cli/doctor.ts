import { generateKeyPairSync } from 'node:crypto'
import { readConfig } from '../config.ts'
import { OperatorError } from '../domain/errors.ts'
import { loadRunbookFolder } from '../knowledge/runbook-folder.ts'
import { type Part, partsOf, partsTable } from '../parts.ts'
import { checkDatabase, connect } from '../storage/postgres.ts'
import { grantSigner } from '../tools/grants.ts'
import { configuredServers, openTools } from '../tools/open-tools.ts'
import { OWN_SERVERS } from '../tools/rules.ts'
import { askClusters, type Clusters } from './ask-clusters.ts'
import { createLog } from './log.ts'

/** Looks at every part without taking part in the work, so it may run beside the agent. 1 where something is broken. */
export async function doctor(env: Readonly<Record<string, string | undefined>>): Promise<number> {
  const config = readConfig(env)
  const pem = generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
  const configured = await configuredServers(config, env)
  const toolbox = openTools(configured.servers, {
    signer: grantSigner(pem),
    log: createLog('silent'),
    pins: { check: async () => undefined },
  })
  try {
    const { runbooks, problems } = await loadRunbookFolder(config.runbooksDir)
    const [database, ...others] = await partsOf(config, { toolbox, configured, runbooks: runbooks.length, problems })
    const parts = [config.databaseUrl === undefined ? database : await askDatabase(config.databaseUrl), ...others]
    const ours = toolbox.status().filter(({ server, state }) => state === 'ready' && OWN_SERVERS.includes(server))
    const clusters = await askClusters(
      toolbox,
      ours.map(({ server }) => server),
    )
    const shown = parts.flatMap((part) => (part === undefined ? [] : [withClusters(part, clusters.get(part.part))]))
    process.stdout.write(`${partsTable(shown)}\n`)
    return shown.some(({ state }) => state === 'broken') ? 1 : 0
  } finally {
    await toolbox.close()
  }
}

/** A server that answers is well only if its clusters do. */
function withClusters({ part, state, detail }: Part, clusters: Clusters | undefined): Part {
  if (!clusters) return { part, state, detail }
  return { part, state: clusters.well ? state : 'broken', detail: `${detail} ${clusters.detail}` }
}

async function askDatabase(url: string): Promise<Part> {
  const sql = connect(url, { max: 1, applicationName: 'watchkeeper-doctor' })
  try {
    await checkDatabase(sql)
    return { part: 'database', state: 'real', detail: 'Postgres from DATABASE_URL answers.' }
  } catch (error) {
    if (!(error instanceof OperatorError)) throw error
    return { part: 'database', state: 'broken', detail: error.message }
  } finally {
    await sql.end({ timeout: 1 })
  }
}
