import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { type Logger, pino } from 'pino'
import type { App, AppOptions } from '../../src/app.ts'
import { liveButtons } from '../../src/approvals/buttons.ts'
import { approvalDesk } from '../../src/approvals/desk.ts'
import { type Audit, verifyLedger } from '../../src/autonomy/ledger.ts'
import { type Policy, setPolicy } from '../../src/autonomy/policy-setting.ts'
import { cardOf, everyButton } from '../../src/chat/cards/cards.ts'
import { type CardState, stateOf } from '../../src/chat/cards/state.ts'
import { incidentView } from '../../src/chat/incident-view.ts'
import { askEdit } from '../../src/chat/questions.ts'
import { readConfig } from '../../src/config.ts'
import type { Verb } from '../../src/domain/approval.ts'
import type { Button, Card } from '../../src/domain/card.ts'
import type { Person } from '../../src/domain/person.ts'
import type { PressAnswer } from '../../src/domain/press.ts'
import type { Level } from '../../src/domain/runbook.ts'
import type { IncidentView } from '../../src/domain/view.ts'
import { announcer } from '../../src/incidents/announce.ts'
import { neverLeaves } from '../../src/inference/never-leaves.ts'
import { investigations } from '../../src/investigation/asking.ts'
import { loadRunbookFolder } from '../../src/knowledge/runbook-folder.ts'
import { openQueue } from '../../src/storage/queue.ts'
import { type SimulatedAlertmanager, startAlertmanager } from '../simulators/alertmanager/server.ts'
import type { SimulatedCluster } from '../simulators/kubernetes/cluster.ts'
import type { Fault } from '../simulators/kubernetes/faults.ts'
import type { WorkloadSpec } from '../simulators/kubernetes/workload-spec.ts'
import type { SimulatedProxmox } from '../simulators/proxmox/cluster.ts'
import type { GuestSpec } from '../simulators/proxmox/state.ts'
import type { SimulatedTalos } from '../simulators/talos/cluster.ts'
import { type Agent, agentProcess, agentWithin } from './agent.ts'
import { followRules, kubernetesAlerts, proxmoxAlerts, type RuleAlert, talosAlerts } from './alert-rules.ts'
import { type Beside, type Platforms, startPlatforms } from './platforms.ts'
import { type TestDatabase, testDatabase } from './postgres.ts'
import { type ServerSwitch, serverSwitch } from './server-switch.ts'

export const alice: Person = { name: 'alice', telegramId: 1001, role: 'admin' }
export const bob: Person = { name: 'bob', telegramId: 1002, role: 'operator' }
export const anna: Person = { name: 'anna', telegramId: 1003, role: 'operator' }
export const viewer: Person = { name: 'vera', telegramId: 1004, role: 'viewer' }

export interface WatchOptions extends Beside {
  /** Guests of Proxmox VE beside the seeded ones; their alerts follow their state. */
  guests?: readonly GuestSpec[]
  /** The agent is a process of its own, which can be killed. */
  process?: boolean
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
  /** Throws unless the watch was started with it. */
  talos: SimulatedTalos
  proxmox: SimulatedProxmox
  alertmanager: SimulatedAlertmanager
  /** The MCP server of Kubernetes. */
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
  /** As `kill -9`, where it is a process of its own. */
  killAgent(): Promise<void>
  /** `changes`: how its environment differs from the one before. */
  startAgent(changes?: Record<string, string>): Promise<void>
  /** From now on alerts stay as they are, whatever the cluster does. */
  holdAlerts(): void
  audit(): Promise<Audit>
  stop(): Promise<void>
}

const CLUSTER = 'homelab'
const TOKEN = 'a-token-for-webhooks-0123456789'
const PATIENCE_MS = 20_000

/** Starts everything; resolves when the agent listens. */
export async function startWatch(options: WatchOptions = {}): Promise<Watch> {
  const folder = await mkdtemp(join(tmpdir(), 'watchkeeper-watch-'))
  const [db, platforms] = await Promise.all([testDatabase(), startPlatforms(folder, options)])
  const { kubernetes: cluster, talos, proxmox } = platforms
  const workloads = options.workloads ?? [{ namespace: 'shop', name: 'cart' }]
  for (const workload of workloads) cluster.addWorkload(workload)
  const guests = options.guests ?? []
  for (const guest of guests) proxmox?.addGuest(guest)
  const { servers, file } = await switches(folder, platforms.env)
  const people = options.people ?? [alice, bob, anna, viewer]
  const env = {
    DATABASE_URL: db.url,
    DATA_DIR: folder,
    PORT: '0',
    CLUSTER_NAME: CLUSTER,
    VERIFY_SCALE: '0.001',
    WEBHOOK_TOKEN: TOKEN,
    MCP_SERVERS_FILE: file,
    PEOPLE: people.map(({ name, telegramId, role }) => `${name}:${telegramId}:${role}`).join(','),
    ...(options.runbooks && { RUNBOOKS_DIR: await shelf(folder, options.runbooks) }),
    ...options.env,
  }
  const config = readConfig(env)
  const runbooks = new Map((await loadRunbookFolder(config.runbooksDir)).runbooks.map((one) => [one.id, one]))
  const complaints: string[] = []
  const settings = { env, log: complaining(complaints), grantTtlMs: options.grantTtlMs ?? 500 }
  const start = (changes: Record<string, string> = {}) => {
    const changed = { ...settings, env: { ...env, ...changes } }
    return options.process
      ? agentProcess(changed, folder)
      : agentWithin({ ...changed, ...(options.observe && { observe: options.observe }) })
  }
  let agent: Agent | undefined = await start()
  const alertmanager = await startAlertmanager({
    webhookUrl: `${agent.url}/webhooks/alertmanager`,
    credentials: { bearer: TOKEN },
    groupWaitMs: 5,
    groupIntervalMs: 40,
  })
  const alerts = followRules(
    () => [
      ...kubernetesAlerts(cluster, CLUSTER).map(onePerWorkload),
      ...(talos ? talosAlerts(talos, CLUSTER) : []),
      ...(proxmox
        ? proxmoxAlerts(
            proxmox,
            guests.map(({ id }) => id),
            CLUSTER,
          )
        : []),
    ],
    alertmanager,
  )
  const queue = openQueue({ url: db.url, max: 2 })
  await queue.start()
  const desk = approvalDesk({
    sql: db.sql,
    queue,
    announcer: announcer([]),
    options: { authorizationTtlMs: config.authorizationTtlMs, people: () => people },
    editing: (tx, wanted) => askEdit(tx, queue, wanted),
    askCloud: investigations(db.sql, queue, { investigate: 'always', mode: config.inference.mode, deadlineMs: 60_000 })
      .askCloud,
  })
  const outside = {
    keepsHome: neverLeaves(config.inference.neverLeaves),
    cloud: config.inference.claude !== undefined,
  }
  const [first] = workloads
  const fault = options.fault === undefined ? 'crash-loop' : options.fault
  if (first && fault) cluster.breakWorkload(`${first.namespace}/${first.name}`, fault)

  async function look(incident: number): Promise<SeenCard | undefined> {
    const view = await incidentView(db.sql, incident, (id) => runbooks.get(id), outside)
    if (!view) return undefined
    const buttons = await liveButtons(db.sql, incident, everyButton(view))
    return seenCard(view, buttons, (press) => desk.press(press))
  }

  async function until(looks: Parameters<Watch['until']>[0], incident = 1): Promise<SeenCard> {
    const deadline = performance.now() + PATIENCE_MS
    for (;;) {
      const view = await incidentView(db.sql, incident, (id) => runbooks.get(id), outside)
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
      if (!agent) throw new Error('the agent is away')
      return agent.app()
    },
    db,
    cluster,
    get talos() {
      if (!talos) throw new Error('this watch has no Talos')
      return talos
    },
    get proxmox() {
      if (!proxmox) throw new Error('this watch has no Proxmox VE')
      return proxmox
    },
    alertmanager,
    server: servers.kubernetes,
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
      const version = runbooks.get(runbook)?.version
      if (version === undefined) throw new Error(`there is no runbook ${runbook}`)
      await db.sql`
        insert into level_changes (runbook_id, runbook_version, scope, level, by, because)
        values (${runbook}, ${version}, ${CLUSTER}, ${level}, 'alice', 'for a test')`
    },
    policy: (policy) => setPolicy(db.sql, policy, 'alice'),
    async pass(ms) {
      await db.sql`update clock set test_offset = test_offset + ${ms} * interval '1 millisecond'`
    },
    async stopAgent() {
      await agent?.stop()
      agent = undefined
    },
    async killAgent() {
      await agent?.kill()
      agent = undefined
    },
    async startAgent(changes) {
      agent = await start(changes)
      alertmanager.setWebhook(`${agent.url}/webhooks/alertmanager`)
    },
    holdAlerts: alerts.stop,
    audit: () => verifyLedger(db.sql),
    async stop() {
      alerts.stop()
      await agent?.stop()
      await alertmanager.stop()
      await queue.stop({ graceful: false })
      await platforms.stop()
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

/** Pods of one workload have alerts of their own; what tells them apart is left to the tests that are about it. */
function onePerWorkload({ labels: { uid: _uid, reason: _reason, ...labels }, annotations }: RuleAlert): RuleAlert {
  return { labels, annotations }
}

/** A switch for each server, and the `mcpServers` file that starts them all. */
async function switches(folder: string, env: Platforms['env']) {
  const made = await Promise.all(
    Object.entries(env).map(async ([name, access]) => [name, await serverSwitch(folder, name, access)] as const),
  )
  const file = join(folder, 'mcp-servers.json')
  const mcpServers = Object.fromEntries(made.map(([name, { entry }]) => [name, entry]))
  await writeFile(file, JSON.stringify({ mcpServers }))
  const servers = new Map<string, ServerSwitch>(made)
  const kubernetes = servers.get('kubernetes')
  if (!kubernetes) throw new Error('there is always a Kubernetes')
  return { servers: { kubernetes }, file }
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
