import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { type Logger, pino } from 'pino'
import { type App, type AppOptions, startApp } from '../../src/app.ts'
import { liveButtons } from '../../src/approvals/buttons.ts'
import { approvalDesk } from '../../src/approvals/desk.ts'
import { type Audit, verifyLedger } from '../../src/autonomy/ledger.ts'
import { type Policy, setPolicy } from '../../src/autonomy/policy-setting.ts'
import { cardOf, everyButton } from '../../src/chat/cards/cards.ts'
import { type CardState, stateOf } from '../../src/chat/cards/state.ts'
import { incidentView } from '../../src/chat/incident-view.ts'
import { readConfig } from '../../src/config.ts'
import type { Verb } from '../../src/domain/approval.ts'
import type { Button, Card } from '../../src/domain/card.ts'
import type { Person } from '../../src/domain/person.ts'
import type { PressAnswer } from '../../src/domain/press.ts'
import type { Level } from '../../src/domain/runbook.ts'
import type { IncidentView } from '../../src/domain/view.ts'
import { announcer } from '../../src/incidents/announce.ts'
import { loadRunbookFolder } from '../../src/knowledge/runbook-folder.ts'
import { openQueue } from '../../src/storage/queue.ts'
import { type SimulatedAlertmanager, startAlertmanager } from '../simulators/alertmanager/server.ts'
import { type SimulatedCluster, startKubernetes } from '../simulators/kubernetes/cluster.ts'
import type { Fault } from '../simulators/kubernetes/faults.ts'
import type { WorkloadSpec } from '../simulators/kubernetes/workload-spec.ts'
import { type TestDatabase, testDatabase } from './postgres.ts'

export const alice: Person = { name: 'alice', telegramId: 1001, role: 'admin' }
export const bob: Person = { name: 'bob', telegramId: 1002, role: 'operator' }
export const anna: Person = { name: 'anna', telegramId: 1003, role: 'operator' }
export const viewer: Person = { name: 'vera', telegramId: 1004, role: 'viewer' }

export interface WatchOptions {
  /** `shop/cart` alone unless told. */
  workloads?: readonly WorkloadSpec[]
  /** Breaks the first workload at once: a crash loop unless told; null leaves all well. */
  fault?: Fault | null
  /** By file name; the runbooks that come with the product unless told. */
  runbooks?: Readonly<Record<string, string>>
  people?: readonly Person[]
  /** More environment for the agent. */
  env?: Readonly<Record<string, string>>
  observe?: AppOptions['observe']
  /** How long a call whose answer was lost may still land, ms; 500 unless told. */
  grantTtlMs?: number
}

/** A card as somebody saw it: what they press later are the buttons of that moment. */
export interface SeenCard {
  view: IncidentView
  state: CardState
  card: Card
  /** Throws where the card has no such button. */
  press(verb: Verb, by?: Person, more?: PressMore): Promise<PressAnswer>
  offers(verb: Verb): boolean
  token(verb: Verb, params?: Record<string, string | number>): string
}

export interface PressMore {
  params?: Record<string, string | number>
  typed?: string
}

/** The real agent on a real Postgres, with a cluster and an Alertmanager that exist only here. */
export interface Watch {
  app: App
  db: TestDatabase
  cluster: SimulatedCluster
  alertmanager: SimulatedAlertmanager
  /** The MCP server that the agent talks to. */
  server: ServerSwitch
  /** What the agent logged as a warning or worse. */
  complaints(): string[]
  /** Waits until an incident (the first unless told) looks so, and answers its card. Rejects with its timeline. */
  until(looks: (view: IncidentView, state: CardState) => boolean, incident?: number): Promise<SeenCard>
  /** Waits for a question on a card. */
  asked(incident?: number): Promise<SeenCard>
  /** Waits until the incident is closed. */
  closed(incident?: number): Promise<SeenCard>
  card(incident?: number): Promise<SeenCard>
  /** The numbers of all incidents, in the order they began. */
  incidents(): Promise<number[]>
  /** Gives a runbook a level here, as an admin's tap would. */
  earn(level: Level, runbook?: string): Promise<void>
  policy(policy: Policy): Promise<void>
  /** Lets the agent's time pass, as its database tells it. */
  pass(ms: number): Promise<void>
  /** Ends the agent and starts another one on the same database; without `again` it stays away. */
  stopAgent(): Promise<void>
  startAgent(): Promise<void>
  /** From now on alerts stay as they are, whatever the cluster does. */
  holdAlerts(): void
  audit(): Promise<Audit>
  stop(): Promise<void>
}

const TOKEN = 'a-token-for-webhooks-0123456789'
const PATIENCE_MS = 20_000

/** Starts everything; resolves when the agent listens. */
export async function startWatch(options: WatchOptions = {}): Promise<Watch> {
  const folder = await mkdtemp(join(tmpdir(), 'watchkeeper-watch-'))
  const [db, cluster] = await Promise.all([testDatabase(), startKubernetes({ rolloutMs: 40, backOffMs: 60_000 })])
  const workloads = options.workloads ?? [{ namespace: 'shop', name: 'cart' }]
  for (const workload of workloads) cluster.addWorkload(workload)
  const server = await serverSwitch(folder, cluster)
  const people = options.people ?? [alice, bob, anna, viewer]
  const config = readConfig({
    DATABASE_URL: db.url,
    DATA_DIR: folder,
    PORT: '0',
    CLUSTER_NAME: 'homelab',
    VERIFY_SCALE: '0.001',
    WEBHOOK_TOKEN: TOKEN,
    MCP_SERVERS_FILE: server.file,
    PEOPLE: people.map(({ name, telegramId, role }) => `${name}:${telegramId}:${role}`).join(','),
    ...(options.runbooks && { RUNBOOKS_DIR: await shelf(folder, options.runbooks) }),
    ...options.env,
  })
  const complaints: string[] = []
  const log = complaining(complaints)
  const start = () =>
    startApp(config, {
      log,
      grantTtlMs: options.grantTtlMs ?? 500,
      ...(options.observe && { observe: options.observe }),
    })
  let app: App | undefined = await start()
  const alertmanager = await startAlertmanager({
    webhookUrl: `${app.url}/webhooks/alertmanager`,
    credentials: { bearer: TOKEN },
    groupWaitMs: 5,
    groupIntervalMs: 40,
  })
  const alerts = keepAlertsTrue(cluster, alertmanager)
  const queue = openQueue({ url: db.url, max: 2 })
  await queue.start()
  const desk = approvalDesk({
    sql: db.sql,
    queue,
    announcer: announcer([]),
    options: { authorizationTtlMs: config.authorizationTtlMs, people: () => people },
  })
  const [first] = workloads
  const fault = options.fault === undefined ? 'crash-loop' : options.fault
  if (first && fault) cluster.breakWorkload(`${first.namespace}/${first.name}`, fault)

  async function look(incident: number): Promise<SeenCard | undefined> {
    const view = await incidentView(db.sql, incident, () => undefined)
    if (!view) return undefined
    const buttons = await liveButtons(db.sql, incident, everyButton(view))
    return seenCard(view, buttons, (press) => desk.press(press))
  }

  async function until(looks: Parameters<Watch['until']>[0], incident = 1): Promise<SeenCard> {
    const deadline = performance.now() + PATIENCE_MS
    for (;;) {
      const view = await incidentView(db.sql, incident, () => undefined)
      if (view && looks(view, stateOf(view))) {
        const card = await look(incident)
        if (card && looks(card.view, card.state)) return card
      }
      if (performance.now() > deadline) throw new Error(story(view, complaints))
      await wait(15)
    }
  }

  const watch: Watch = {
    get app() {
      if (!app) throw new Error('the agent is away')
      return app
    },
    db,
    cluster,
    alertmanager,
    server,
    complaints: () => [...complaints],
    until,
    asked: (incident) => until((_view, state) => state === 'asked', incident),
    closed: (incident) => until(({ incident: { status } }) => status === 'closed', incident),
    async card(incident = 1) {
      const card = await look(incident)
      if (!card) throw new Error(`there is no incident ${incident}`)
      return card
    },
    async incidents() {
      const rows = await db.sql<{ id: number }[]>`select id from incidents order by id`
      return rows.map(({ id }) => id)
    },
    async earn(level, runbook = 'mend') {
      const { runbooks } = await loadRunbookFolder(config.runbooksDir)
      const version = runbooks.find(({ id }) => id === runbook)?.version
      if (version === undefined) throw new Error(`there is no runbook ${runbook}`)
      await db.sql`
        insert into level_changes (runbook_id, runbook_version, scope, level, by, because)
        values (${runbook}, ${version}, 'homelab', ${level}, 'alice', 'for a test')`
    },
    policy: (policy) => setPolicy(db.sql, policy, 'alice'),
    async pass(ms) {
      await db.sql`update clock set test_offset = test_offset + ${ms} * interval '1 millisecond'`
    },
    async stopAgent() {
      await app?.stop()
      app = undefined
    },
    async startAgent() {
      app = await start()
      alertmanager.setWebhook(`${app.url}/webhooks/alertmanager`)
    },
    holdAlerts: alerts.stop,
    audit: () => verifyLedger(db.sql),
    async stop() {
      alerts.stop()
      await app?.stop()
      await alertmanager.stop()
      await queue.stop({ graceful: false })
      await cluster.stop()
      await db.close()
      await rm(folder, { recursive: true, force: true })
    },
  }
  return watch
}

function seenCard(
  view: IncidentView,
  buttons: readonly Button[],
  press: (press: Parameters<ReturnType<typeof approvalDesk>['press']>[0]) => Promise<PressAnswer>,
): SeenCard {
  const find = (verb: Verb, params: Record<string, string | number> = {}) =>
    buttons.find(
      (button) =>
        button.verb === verb && Object.entries(params).every(([name, value]) => button.params?.[name] === value),
    )
  const token = (verb: Verb, params?: Record<string, string | number>) => {
    const button = find(verb, params)
    if (!button)
      throw new Error(`the card (${stateOf(view)}) has no ${verb}; it has ${buttons.map((one) => one.verb).join(', ')}`)
    return button.token
  }
  return {
    view,
    state: stateOf(view),
    card: cardOf(view, { timezone: 'UTC' }),
    offers: (verb) => find(verb) !== undefined,
    token,
    press: (verb, by = alice, { params, typed } = {}) =>
      press({
        token: token(verb, params),
        person: by,
        actor: `console:${by.name}`,
        channel: 'console',
        ...(typed !== undefined && { typed }),
      }),
  }
}

/** Fires and resolves in Alertmanager what the cluster's rules would, as soon as they would. */
function keepAlertsTrue(cluster: SimulatedCluster, alertmanager: SimulatedAlertmanager): { stop(): void } {
  const firing = new Map<string, Record<string, string>>()
  const timer = setInterval(() => {
    const now = new Map<string, { labels: Record<string, string>; annotations: Record<string, string> }>()
    for (const { summary, description, uid: _uid, reason: _reason, ...rest } of cluster.firing()) {
      const labels = { cluster: 'homelab', ...rest }
      now.set(JSON.stringify(labels), { labels, annotations: { summary, description } })
    }
    for (const [key, { labels, annotations }] of now) {
      if (firing.has(key)) continue
      firing.set(key, labels)
      alertmanager.fire(labels, annotations)
    }
    for (const [key, labels] of firing) {
      if (now.has(key)) continue
      firing.delete(key)
      alertmanager.resolve(labels)
    }
  }, 10)
  return { stop: () => clearInterval(timer) }
}

/** The Kubernetes MCP server as a process that can be taken away, killed, or come back with other descriptions. */
export interface ServerSwitch {
  /** The `mcpServers` file that starts it. */
  file: string
  /** It does not start until `up` is called, and the one that runs is killed. */
  down(): Promise<void>
  up(): Promise<void>
  /** Kills the one that runs; the next call starts another. */
  kill(): Promise<void>
  /** The next one to start describes its tools otherwise. */
  redescribe(): Promise<void>
}

async function serverSwitch(folder: string, cluster: SimulatedCluster): Promise<ServerSwitch> {
  const place = (name: string) => join(folder, name)
  const source = (path: string) => fileURLToPath(new URL(`../../mcp-servers/kubernetes/src/${path}`, import.meta.url))
  await writeFile(place('reader'), cluster.kubeconfig('reader'))
  await writeFile(place('operator'), cluster.kubeconfig('operator'))
  await writeFile(
    place('server.mjs'),
    `import { existsSync, writeFileSync } from 'node:fs'
if (existsSync(${JSON.stringify(place('down'))})) process.exit(1)
writeFileSync(${JSON.stringify(place('pid'))}, String(process.pid))
if (existsSync(${JSON.stringify(place('redescribed'))})) {
  const { tools } = await import(${JSON.stringify(source('tools/index.ts'))})
  for (const tool of tools) tool.description += ' It also does something else now.'
}
await import(${JSON.stringify(source('main.ts'))})
`,
  )
  const file = place('mcp-servers.json')
  const env = { KUBECONFIG: place('reader'), KUBECONFIG_OPERATOR: place('operator') }
  const kubernetes = { command: process.execPath, args: [place('server.mjs')], env }
  await writeFile(file, JSON.stringify({ mcpServers: { kubernetes } }))
  async function kill(): Promise<void> {
    if (!existsSync(place('pid'))) return
    const pid = Number(await readFile(place('pid'), 'utf8'))
    await rm(place('pid'))
    if (isAlive(pid)) process.kill(pid, 'SIGKILL')
    while (isAlive(pid)) await wait(5)
  }
  return {
    file,
    async down() {
      await writeFile(place('down'), '')
      await kill()
    },
    up: () => rm(place('down'), { force: true }),
    kill,
    redescribe: () => writeFile(place('redescribed'), ''),
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

async function shelf(folder: string, runbooks: Readonly<Record<string, string>>): Promise<string> {
  const path = join(folder, 'runbooks')
  await mkdir(path)
  for (const [name, text] of Object.entries(runbooks)) await writeFile(join(path, `${name}.md`), text)
  return path
}

/** Keeps warnings and worse, and prints nothing. */
function complaining(lines: string[]): Logger {
  const write = (line: string) => {
    const { msg, err, because, message } = JSON.parse(line)
    lines.push([msg, err?.message, because, message].filter(Boolean).join(': '))
  }
  return pino({ level: 'warn' }, { write })
}

function story(view: IncidentView | undefined, complaints: readonly string[]): string {
  if (!view) return `There is no such incident. The agent says: ${complaints.slice(-5).join(' | ')}`
  const { incident, timeline, effects } = view
  const events = timeline.map(({ name, actor, from, to }) => `  ${name} (${actor})${to ? ` ${from} > ${to}` : ''}`)
  return [
    `It did not come to that. The incident is ${incident.status}, outcome ${incident.outcome}: ${incident.because}`,
    ...events,
    `effects: ${effects.map(({ action, attempt, status, because }) => `${action}/${attempt} ${status} ${because ?? ''}`).join('; ')}`,
    `the agent says: ${complaints.slice(-5).join(' | ')}`,
  ].join('\n')
}
