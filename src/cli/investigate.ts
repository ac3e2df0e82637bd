import { generateKeyPairSync, randomBytes } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type Config, readConfig } from '../config.ts'
import { OperatorError } from '../domain/errors.ts'
import type { CallBook } from '../inference/call-book.ts'
import { memoryCalls } from '../inference/memory-calls.ts'
import { neverLeaves } from '../inference/never-leaves.ts'
import { type Inference, openInference } from '../inference/open-inference.ts'
import { placeholderKey } from '../inference/placeholder-key.ts'
import { postgresCalls } from '../inference/postgres-calls.ts'
import { readPrompt } from '../inference/prompts.ts'
import { investigator } from '../investigation/investigate.ts'
import { knownClusters } from '../investigation/known-clusters.ts'
import { type NamedRequest, namedRequest, parseInvestigateWords } from '../investigation/named-request.ts'
import { readOnlyTools } from '../investigation/read-only-tools.ts'
import { finishRequest, parseRequestFile, takeRequests } from '../investigation/request-file.ts'
import { carryOut, type RequestDeps } from '../investigation/run-request.ts'
import { loadRunbookFolder } from '../knowledge/runbook-folder.ts'
import { connect } from '../storage/postgres.ts'
import { prepareDatabase } from '../storage/prepare-database.ts'
import { grantSigner } from '../tools/grants.ts'
import { declaredTools } from '../tools/mcp-servers.ts'
import { configuredServers, openTools } from '../tools/open-tools.ts'
import { createLog } from './log.ts'

type Environment = Readonly<Record<string, string | undefined>>

export interface InvestigateOptions {
  runbook?: string
  cluster?: string[]
  minutes?: string
  sideBySide?: boolean
  question?: string
  /** A request file. */
  request?: string
  /** Takes what lies in the folder of requests. */
  pending?: boolean
}

/**
 * Looks into clusters, read-only, and prints the report as Markdown: what the words or the options ask for, a request file, or all
 * that lie in the folder of requests. 1 where a request is bad.
 */
export async function investigateCommand(
  words: readonly string[],
  options: InvestigateOptions,
  env: Environment,
): Promise<number> {
  const config = readConfig(env)
  const opened = await open(config, env)
  try {
    if (options.pending) return await pending(config, opened.deps)
    const request = await requestOf(words, options, opened.deps)
    if ('problem' in request) throw new OperatorError(request.problem)
    await investigateOne(opened.deps, request)
    return 0
  } finally {
    await opened.close()
  }
}

async function requestOf(
  words: readonly string[],
  { request, runbook, cluster, minutes, sideBySide, question }: InvestigateOptions,
  deps: RequestDeps,
): Promise<NamedRequest | { problem: string }> {
  const known = namesOf(deps)
  if (request !== undefined) return parseRequestFile(await textOf(request), known)
  const named = [runbook, cluster, minutes, sideBySide, question].some((option) => option !== undefined)
  if (!named) return parseInvestigateWords(words, known)
  if (words.length > 0) return { problem: 'Write words, or use options, but not both.' }
  return namedRequest(
    { runbook, clusters: cluster, question, sideBySide, minutes: minutes === undefined ? undefined : Number(minutes) },
    known,
  )
}

async function textOf(path: string): Promise<string> {
  return await readFile(path, 'utf8').catch((cause) => {
    throw new OperatorError(`${path} cannot be read. Name a request file that is there.`, { cause })
  })
}

/** Every request that lies in the folder, one after the other; a bad one is kept beside its reason. */
async function pending(config: Config, deps: RequestDeps): Promise<number> {
  const found = { taken: 0, rejected: 0 }
  for await (const one of takeRequests(requestsFolder(config), namesOf(deps))) {
    if ('rejected' in one) {
      const { file, problem, path } = one.rejected
      found.rejected += 1
      process.stderr.write(`${file}: ${problem} It is kept as ${path}.\n`)
      continue
    }
    found.taken += 1
    try {
      await investigateOne(deps, one.taken.request)
    } catch (error) {
      if (!(error instanceof OperatorError)) throw error
      await finishRequest(one.taken, { problem: error.message })
      process.stderr.write(`${one.taken.file}: ${error.message}\n`)
      continue
    }
    await finishRequest(one.taken, { done: true })
  }
  if (found.taken + found.rejected === 0) process.stderr.write(`No request lies in ${requestsFolder(config)}.\n`)
  return found.rejected > 0 ? 1 : 0
}

/** Where request files are dropped. */
export function requestsFolder({ dataDir }: Pick<Config, 'dataDir'>): string {
  return join(dataDir, 'requests')
}

async function investigateOne(deps: RequestDeps, request: NamedRequest): Promise<void> {
  const { markdown, kept } = await carryOut(deps, request, { onProgress: (line) => process.stderr.write(`${line}\n`) })
  process.stdout.write(markdown)
  process.stderr.write(`The report is ${kept.path}.\n`)
  if (kept.pushed !== null && kept.pushed !== true) process.stderr.write(`${kept.pushed.problem}\n`)
}

function namesOf({ runbooks, clusters }: RequestDeps) {
  return { runbooks: runbooks.keys(), clusters: clusters.map(({ name }) => name) }
}

async function open(config: Config, env: Environment): Promise<{ deps: RequestDeps; close(): Promise<void> }> {
  const { servers, disabled } = await configuredServers(config, env)
  const pem = generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
  const toolbox = openTools(servers, {
    disabled,
    signer: grantSigner(pem),
    log: createLog('silent'),
    pins: { check: async () => undefined },
  })
  const models = await openModels(config)
  const { inference, reports, dataDir } = config
  const { router, redactor } = models.inference
  const someModel = (inference.ollama ?? inference.claude) !== undefined && inference.mode !== 'off'
  const { runbooks } = await loadRunbookFolder(config.runbooksDir)
  return {
    deps: {
      looking: readOnlyTools(toolbox, { declared: declaredTools(servers) }),
      clusters: await knownClusters(toolbox),
      runbooks: new Map(runbooks.map((runbook) => [runbook.id, runbook])),
      investigatorFor: someModel
        ? (looking) =>
            investigator({
              router,
              looking,
              prompt: readPrompt('investigate'),
              neverLeaves: neverLeaves(inference.neverLeaves),
              now: Date.now,
            })
        : undefined,
      now: Date.now,
      cut: redactor.forChat,
      keep: {
        folder: reports.dir,
        remote: reports.git && { ...reports.git, clone: join(dataDir, 'reports.git'), env },
      },
    },
    async close() {
      await Promise.all([toolbox.close(), models.close()])
    },
  }
}

/** Budgets hold across processes where they share a database; the embedded one belongs to the agent, so here it is each run's own. */
async function openModels({
  databaseUrl,
  inference,
  people,
}: Config): Promise<{ inference: Inference; close(): Promise<void> }> {
  const opened = (calls: CallBook, key: Uint8Array) =>
    openInference(inference, { calls, placeholderKey: key, people: people.map(({ name }) => name), now: Date.now })
  if (databaseUrl === undefined) {
    const models = await opened(
      memoryCalls(inference.budget, () => new Date()),
      randomBytes(32),
    )
    return { inference: models, close: () => models.close() }
  }
  await prepareDatabase(databaseUrl)
  const sql = connect(databaseUrl, { max: 2, applicationName: 'watchkeeper-cli' })
  const models = await opened(postgresCalls(sql, inference.budget), await placeholderKey(sql))
  return {
    inference: models,
    async close() {
      await models.close()
      await sql.end({ timeout: 5 })
    },
  }
}
