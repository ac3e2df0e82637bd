import { checkTelegram } from './chat/telegram-check.ts'
import type { Config, InferenceConfig } from './config.ts'
import type { Mode } from './domain/inference.ts'
import type { Problem } from './domain/runbook.ts'
import { checkOllama } from './inference/ollama-check.ts'
import { checkAlertmanager } from './ingest/alertmanager-check.ts'
import { checkQdrant } from './knowledge/index/qdrant-check.ts'
import type { ConfiguredServers, ServerEntry } from './tools/mcp-servers.ts'
import { OWN_SERVERS } from './tools/rules.ts'
import { STARTED_BY } from './tools/server-entries.ts'
import type { Toolbox } from './tools/toolbox.ts'

/** One line of the table at start and of `doctor`: which part, whether it is the real one, and what to do if it is not well. */
export interface Part {
  part: string
  state: 'real' | 'embedded' | 'missing' | 'broken'
  detail: string
}

export interface Running {
  toolbox: Toolbox
  configured: ConfiguredServers
  runbooks: number
  problems: readonly Problem[]
  /** Which models may be asked now; as configured where nobody can look. */
  mode?: Mode
}

/**
 * What this installation is made of, in the order in which people look. Everything that can be asked is asked, side by side and
 * once: MCP servers for their tools, the others for a sign of life.
 */
export async function partsOf(config: Config, running: Running): Promise<Part[]> {
  const { toolbox, runbooks, problems, mode } = running
  const [telegram, alertmanager, index, embedding, local] = await Promise.all([
    telegramPart(config),
    alertmanagerPart(config),
    indexPart(config),
    embeddingPart(config),
    localPart(config.inference, mode),
    toolbox.tools(),
  ])
  return [
    config.databaseUrl === undefined
      ? part('database', 'embedded', `Postgres in ${config.dataDir}. Set DATABASE_URL for your own.`)
      : part('database', 'real', 'Postgres from DATABASE_URL.'),
    telegram,
    config.console
      ? part('console', 'real', `On ${config.publicUrl ?? `${config.host}, port ${config.port}`}.`)
      : part('console', 'missing', 'Turned off by CONSOLE.'),
    alertmanager,
    ...toolParts(running),
    runbooksPart(config, runbooks, problems),
    index,
    embedding,
    local,
    cloudPart(config.inference, mode),
    config.people.length > 0
      ? part('people', 'real', peopleOf(config))
      : part('people', 'missing', 'Whoever opens the link printed here is admin. Set PEOPLE to name who may decide.'),
  ]
}

async function telegramPart({ telegram }: Config): Promise<Part> {
  if (!telegram)
    return part(
      'telegram',
      'missing',
      'The console alone decides. Set TELEGRAM_BOT_TOKEN, TELEGRAM_CHAT_ID and PEOPLE.',
    )
  const { ok, detail } = await checkTelegram(telegram)
  return part('telegram', ok ? 'real' : 'broken', `${detail}, by ${telegram.mode}.`)
}

async function alertmanagerPart({ alertmanager }: Config): Promise<Part> {
  const name = 'alertmanager'
  if (!alertmanager)
    return part(name, 'missing', 'Webhooks alone. Set ALERTMANAGER_URL so that missed alerts are found.')
  const { ok, detail } = await checkAlertmanager(alertmanager)
  return ok
    ? part(name, 'real', `Asked each ${alertmanager.pollMs / 1000} s for what webhooks missed.`)
    : part(name, 'broken', `${detail} Webhooks are taken all the same.`)
}

async function indexPart({ knowledge: { qdrant } }: Config): Promise<Part> {
  const name = 'index'
  if (!qdrant) return part(name, 'embedded', 'In the database, searched in this process. Set QDRANT_URL for Qdrant.')
  const { ok, detail } = await checkQdrant(qdrant)
  return ok
    ? part(name, 'real', 'Qdrant from QDRANT_URL. `npm run watchkeeper -- index --status` says what is in it.')
    : part(name, 'broken', `${detail} Runbooks are found by their alerts all the same.`)
}

async function embeddingPart({ knowledge: { ollamaHost, embeddingModel } }: Config): Promise<Part> {
  const name = 'embedding'
  if (ollamaHost === undefined)
    return part(name, 'missing', 'Pages are found by their words alone. Set OLLAMA_HOST to find them by meaning too.')
  const state = await checkOllama({ host: ollamaHost, model: embeddingModel })
  if (!state.reachable)
    return part(name, 'broken', `Ollama in OLLAMA_HOST: ${state.because}. Pages are found by their words alone.`)
  return state.there
    ? part(name, 'real', `${embeddingModel} by Ollama.`)
    : part(name, 'missing', `Ollama answers without it. Run: ollama pull ${embeddingModel}`)
}

async function localPart({ ollama, mode: configured }: InferenceConfig, mode = configured): Promise<Part> {
  const name = 'ollama'
  if (!ollama) return part(name, 'missing', 'Nothing is looked into at home. Set OLLAMA_HOST.')
  const state = await checkOllama(ollama)
  if (!state.reachable)
    return part(name, 'broken', `Ollama in OLLAMA_HOST: ${state.because}. Everything but models works without it.`)
  return state.there
    ? part(name, 'real', `${ollama.model} by Ollama, in the mode ${mode}.`)
    : part(name, 'missing', `Ollama answers without it. Run: ollama pull ${ollama.model}`)
}

/** No call is made for this: it would cost something, and say little. That it has its price is checked with the configuration. */
function cloudPart({ claude, mode: configured }: InferenceConfig, mode = configured): Part {
  const name = 'claude'
  if (!claude) return part(name, 'missing', 'No model in the cloud is asked. Set ANTHROPIC_API_KEY to have one.')
  return part(name, 'real', `${claude.model}, in the mode ${mode}. Its key is not tried here.`)
}

function toolParts({ toolbox, configured }: Running): Part[] {
  const servers = toolbox.status()
  const absent = OWN_SERVERS.filter((name) => !servers.some(({ server }) => server === name))
  return [
    ...servers.map(({ server, state, because, tools }) =>
      state === 'ready'
        ? part(server, 'real', `${tools} tools by MCP${rightsOf(configured.servers.get(server))}.`)
        : part(server, 'broken', because ?? 'It has not answered yet.'),
    ),
    ...absent.map((server) =>
      part(
        server,
        'missing',
        configured.disabled.has(server)
          ? 'No tools for it. Its entry in MCP_SERVERS_FILE is disabled.'
          : `No tools for it. Set ${STARTED_BY[server]}, or name the server in MCP_SERVERS_FILE.`,
      ),
    ),
  ]
}

/** Told where nobody has set anything that says it. */
function rightsOf({ account }: Pick<ServerEntry, 'account'> = {}): string {
  return account === undefined ? '' : `, by ${account}`
}

function runbooksPart(config: Config, runbooks: number, problems: readonly Problem[]): Part {
  const errors = problems.filter((problem) => problem.severity === 'error').length
  if (errors > 0)
    return part(
      'runbooks',
      'broken',
      `${runbooks} usable, ${errors} errors. Run: npm run watchkeeper -- runbook lint ${config.runbooksDir}`,
    )
  return runbooks === 0
    ? part('runbooks', 'missing', `None in ${config.runbooksDir}. Set RUNBOOKS_DIR to a folder that has some.`)
    : part('runbooks', 'real', `${runbooks} in ${config.runbooksDir}.`)
}

function peopleOf({ people, secondPerson }: Config): string {
  const alone = secondPerson === 'self' ? ' A watch of one: dangerous plans ask the same person twice.' : ''
  return `${people.map(({ name, role }) => `${name} (${role})`).join(', ')}.${alone}`
}

function part(name: string, state: Part['state'], detail: string): Part {
  return { part: name, state, detail }
}

const marks: Record<Part['state'], string> = { real: '●', embedded: '◐', missing: '○', broken: '✖' }

/** The table as text, aligned. */
export function partsTable(parts: readonly Part[]): string {
  const width = Math.max(...parts.map(({ part: name }) => name.length))
  return parts
    .map(({ part: name, state, detail }) => `  ${marks[state]} ${name.padEnd(width)}  ${state.padEnd(8)}  ${detail}`)
    .join('\n')
}
