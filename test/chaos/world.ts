import { generateKeyPairSync } from 'node:crypto'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type AlertmanagerControl, controlOf as alertmanagerControl } from '../simulators/alertmanager/control.ts'
import { type ClusterControl, controlOf as clusterControl } from '../simulators/kubernetes/control.ts'
import { type TelegramControl, controlOf as telegramControl } from '../simulators/telegram/control.ts'
import { type AgentProcess, startAgent } from './agent-process.ts'
import type { Database, DatabaseServer } from './database.ts'
import { end, launchReady } from './processes.ts'
import type { Settings } from './protocol.ts'

export interface WorldOptions {
  server: DatabaseServer
  /** Gives out ports that nobody else in this run has. */
  ownPort: () => Promise<number>
  name: string
  /** Switched off in a test build of the agent and its tool server. */
  guard?: string
  /** More or other variables for every agent. */
  env?: Record<string, string>
}

/** One lane: a database, a cluster, a Telegram and an Alertmanager of its own, and the agents that live among them. */
export interface World {
  name: string
  folder: string
  database: Database
  cluster: ClusterControl
  telegram: TelegramControl
  alertmanager: AlertmanagerControl
  oracles: { kubernetes: string; telegram: string; alertmanager: string }
  /** What agents passed, over all their lives. */
  trace: string
  people: { alice: Someone; bob: Someone; vera: Someone }
  /** Starts replica `which` (0 unless told) and waits until it is ready. It keeps its port and folder over its lives. */
  start(settings?: Settings, options?: StartOptions): Promise<AgentProcess>
  /** The webhook address of a replica. */
  webhook(replica: number): { url: string; credentials: { bearer: string } }
  /** `w1`, `w2`, … */
  newName(): string
  stop(): Promise<void>
}

export interface StartOptions {
  replica?: number
  /** Another way to the database, such as a proxy that can be cut. */
  databaseUrl?: string
  /** Returns at once; the caller waits for `ready`. */
  eager?: boolean
}

/** A person as Telegram sends them. */
export interface Someone {
  id: number
  first_name: string
}

const people = {
  alice: { id: 1001, first_name: 'Alice' },
  bob: { id: 1002, first_name: 'Bob' },
  vera: { id: 1003, first_name: 'Vera' },
}
const PEOPLE = 'alice:1001:admin,bob:1002:operator,vera:1003:viewer'
const TOKEN = 'chaos-webhook-token-0123456789'
export const RUNBOOKS = fileURLToPath(new URL('runbooks', import.meta.url))
const GUARDS = new URL('guards-off.ts', import.meta.url).href

export async function openWorld({ server, ownPort, name, guard, env: more = {} }: WorldOptions): Promise<World> {
  const folder = join(server.folder, name)
  mkdirSync(folder, { recursive: true })
  const oracles = {
    kubernetes: join(folder, 'kubernetes.ndjson'),
    telegram: join(folder, 'telegram.ndjson'),
    alertmanager: join(folder, 'alertmanager.ndjson'),
  }
  const ports = [await ownPort(), await ownPort()]
  const [database, kubernetes, telegram, alertmanager] = await Promise.all([
    server.create(),
    simulator<{ url: string; control: string }>(folder, 'kubernetes', oracles.kubernetes, ['--kubeconfig-dir', folder]),
    simulator<{ url: string; control: string; token: string; chatId: number }>(folder, 'telegram', oracles.telegram),
    simulator<{ url: string; control: string }>(folder, 'alertmanager', oracles.alertmanager, [
      ...['--webhook', `http://127.0.0.1:${ports[0]}/webhooks/alertmanager`],
      ...['--bearer', TOKEN, '--group-interval-ms', '200'],
    ]),
  ])
  const trace = join(folder, 'trace.ndjson')
  writeFileSync(trace, '')
  const env = (replica: number, databaseUrl: string) => ({
    DATABASE_URL: databaseUrl,
    DATA_DIR: join(folder, `agent-${replica}`),
    INSTANCE_NAME: `${name}-${replica}`.replace(/[^\w .-]/g, '-').slice(0, 40),
    PORT: String(ports[replica]),
    LOG_LEVEL: 'info',
    WEBHOOK_TOKEN: TOKEN,
    GRANT_KEY: grantKey,
    CLUSTER_NAME: 'homelab',
    KUBECONFIG: join(folder, 'reader.kubeconfig'),
    KUBECONFIG_OPERATOR: join(folder, 'operator.kubeconfig'),
    RUNBOOKS_DIR: RUNBOOKS,
    PEOPLE,
    TELEGRAM_BOT_TOKEN: telegram.ready.token,
    TELEGRAM_CHAT_ID: String(telegram.ready.chatId),
    TELEGRAM_API_ROOT: telegram.ready.url,
    TELEGRAM_RATE_PER_MINUTE: '100000',
    ALERTMANAGER_URL: alertmanager.ready.url,
    ALERTMANAGER_RECEIVER: 'watchkeeper',
    ALERTMANAGER_POLL_SECONDS: '2',
    VERIFY_SCALE: '0.01',
    CHAOS_TRACE: trace,
    ...(guard === undefined ? {} : { CHAOS_GUARD_OFF: guard }),
    ...more,
  })
  const agents = new Set<AgentProcess>()
  let names = 0
  return {
    name,
    folder,
    database,
    cluster: clusterControl(kubernetes.ready.control),
    telegram: telegramControl(telegram.ready.control),
    alertmanager: alertmanagerControl(alertmanager.ready.control),
    oracles,
    trace,
    people,
    async start(settings = {}, { replica = 0, databaseUrl = database.url, eager = false } = {}) {
      const agent = startAgent({
        env: { ...env(replica, databaseUrl), CHAOS_SETTINGS: JSON.stringify(settings) },
        log: join(folder, `agent-${replica}.log`),
        imports: guard === undefined ? [] : [GUARDS],
      })
      agents.add(agent)
      void agent.gone.then(() => agents.delete(agent))
      if (!eager) await agent.ready
      return agent
    },
    webhook: (replica) => ({
      url: `http://127.0.0.1:${ports[replica]}/webhooks/alertmanager`,
      credentials: { bearer: TOKEN },
    }),
    newName() {
      names += 1
      return `w${names}`
    },
    async stop() {
      await Promise.all([...agents].map((agent) => agent.end()))
      await Promise.all([kubernetes, telegram, alertmanager].map(({ child }) => end(child, 'SIGTERM')))
      await database.drop()
    },
  }
}

/** Replicas share one. */
const grantKey = generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()

function simulator<T>(folder: string, name: string, oracle: string, args: string[] = []) {
  const main = fileURLToPath(new URL(`../simulators/${name}/main.ts`, import.meta.url))
  return launchReady<T>({ args: [main, '--oracle', oracle, ...args], env: {}, log: join(folder, `${name}.log`) })
}
