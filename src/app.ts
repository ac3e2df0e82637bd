import { join } from 'node:path'
import type { Hono } from 'hono'
import type { Logger } from 'pino'
import { liveButtons } from './approvals/buttons.ts'
import { approvalDesk } from './approvals/desk.ts'
import { publishHeads } from './autonomy/head-log.ts'
import { newestEntries } from './autonomy/ledger.ts'
import { setPolicy } from './autonomy/policy-setting.ts'
import { cardChanges } from './chat/card-changes.ts'
import { consoleApp } from './chat/console/console.ts'
import { loginLink } from './chat/console/login-link.ts'
import { consolePolicy } from './chat/console/policy.ts'
import { consoleQuestions } from './chat/console/questions.ts'
import { localAdmin, postgresSessions } from './chat/console/sessions.ts'
import { onDuty } from './chat/duty.ts'
import { incidentList } from './chat/incident-list.ts'
import { incidentView } from './chat/incident-view.ts'
import { askEdit } from './chat/questions.ts'
import { startTelegram, TELEGRAM_CHANNEL } from './chat/telegram-bot.ts'
import { addressOf } from './config/address.ts'
import type { Config } from './config.ts'
import { homebound } from './conversation/home.ts'
import type { OperatorError } from './domain/errors.ts'
import type { Observe } from './domain/observe.ts'
import type { Runbook } from './domain/runbook.ts'
import type { Outside } from './domain/view.ts'
import { incidentGraph } from './graph/graph.ts'
import { httpApp, listen } from './http.ts'
import { announcer as announcerFor } from './incidents/announce.ts'
import { hint } from './incidents/wake.ts'
import { modeNow } from './inference/mode-setting.ts'
import { neverLeaves } from './inference/never-leaves.ts'
import { openInference } from './inference/open-inference.ts'
import { placeholderKey } from './inference/placeholder-key.ts'
import { postgresCalls } from './inference/postgres-calls.ts'
import { alertmanagerApi } from './ingest/alertmanager-api.ts'
import { leftOut } from './ingest/left-out.ts'
import { hearPollWishes, wishPoll } from './ingest/poll-wishes.ts'
import { postgresIntake } from './ingest/postgres-intake.ts'
import { postgresStanding } from './ingest/postgres-standing.ts'
import { reconciler } from './ingest/reconciliation.ts'
import { alertmanagerWebhook } from './ingest/webhook.ts'
import { embeddedDatabase, feedWatchdog, ownFolder, ownToken, runbookShelf } from './installation.ts'
import { investigations } from './investigation/asking.ts'
import { keepIndexed } from './knowledge/keep-indexed.ts'
import { knowledgeSources, openKnowledge } from './knowledge/open-knowledge.ts'
import { runbookStats } from './knowledge/runbook-stats.ts'
import { knowledgeApi } from './knowledge-api.ts'
import { looking } from './looking.ts'
import { createMetrics, type Metrics } from './metrics.ts'
import { type Part, partsOf } from './parts.ts'
import { openCheckpointer } from './storage/langgraph-checkpoint.ts'
import { connect, sentTogether } from './storage/postgres.ts'
import { prepareDatabase } from './storage/prepare-database.ts'
import { openQueue } from './storage/queue.ts'
import { contractPins } from './tools/contract-pins.ts'
import { grantSigner, keyFromFolder } from './tools/grants.ts'
import { declaredTools } from './tools/mcp-servers.ts'
import { observedToolbox } from './tools/observed-toolbox.ts'
import { clockSkewOf, configuredServers, openTools } from './tools/open-tools.ts'
import { incidentWorker } from './worker.ts'

export interface AppOptions {
  log: Logger
  /** Wraps nodes and outgoing calls; the process's own timings unless told. */
  observe?: (metrics: Metrics) => Observe
  /** Milliseconds a grant lives; 15,000 unless told. */
  grantTtlMs?: number
}

/** A running Watchkeeper. */
export interface App {
  /** Where it listens: `http://127.0.0.1:8484`. */
  url: string
  /** How to connect to its database. It may hold a password: never log it. */
  databaseUrl: string
  /** The runbooks in use, by id. */
  runbooks(): ReadonlyMap<string, Runbook>
  /**
   * A one-time link into the console; undefined where the console is off. Without a name it is the local admin's, and throws OperatorError
   * when people are configured, for then there is no such admin.
   */
  loginLink(person?: string): Promise<string | undefined>
  /** Which parts are real, embedded or missing, for the table at start and for `doctor`. */
  parts(): Promise<Part[]>
  /** The token that webhooks must bring. */
  webhookToken: string | undefined
  /** Resolves, with a sentence for people, when it cannot go on: its embedded database is gone and does not come back. */
  lost: Promise<OperatorError>
  stop(): Promise<void>
}

const GRANT_TTL_MS = 15_000
const DUTY_TTL_MS = 9_000
/** How long one investigation may take, all its models and looks together. */
const INVESTIGATION_DEADLINE_MS = 5 * 60_000
/** The graph's and the queue's pools are their own; this one serves webhooks, presses, nodes and pages. */
const POOL = 12

/**
 * Builds every adapter, hands them down and starts. What is not configured is embedded or left out. Throws OperatorError
 * with a sentence for people when something must be changed first; then nothing is left running.
 */
export async function startApp(config: Config, options: AppOptions): Promise<App> {
  const closers: (() => Promise<unknown>)[] = []
  const stop = async () => {
    for (const close of closers.splice(0).reverse())
      await close().catch((error) => options.log.warn({ err: error }, 'while stopping'))
  }
  try {
    return await build(config, options, closers, stop)
  } catch (error) {
    await stop()
    throw error
  }
}

async function build(
  config: Config,
  { log, observe: wrap, grantTtlMs = GRANT_TTL_MS }: AppOptions,
  closers: (() => Promise<unknown>)[],
  stop: () => Promise<void>,
): Promise<App> {
  const metrics = createMetrics()
  const observe = wrap?.(metrics) ?? metrics.observe
  await ownFolder(config.dataDir)
  const embedded = config.databaseUrl === undefined ? await embeddedDatabase(config, log, closers) : undefined
  const url = config.databaseUrl ?? embedded?.url ?? ''
  await prepareDatabase(url)
  const sql = connect(url, { max: POOL, applicationName: config.instanceName })
  closers.push(() => sql.end({ timeout: 5 }))
  await setPolicy(sql, config.policy, 'configuration', { unlessSet: true })

  const queue = openQueue({
    url,
    max: 4,
    onError: (error) => log.warn({ err: error }, 'queue'),
    onWarning: (message) => log.debug(message),
  })
  await queue.start()
  closers.push(() => queue.stop({ graceful: false }))

  const people = peopleOf(config)
  const shelf = await runbookShelf(config.runbooksDir, log)
  const signer = grantSigner(config.grantKey ?? (await keyFromFolder(join(config.dataDir, 'keys', 'grant.pem'))))
  const configured = await configuredServers(config, process.env)
  const { servers, disabled } = configured
  const toolbox = observedToolbox(openTools(servers, { disabled, signer, log, pins: contractPins(sql) }), observe)
  closers.push(() => toolbox.close())

  const staysHome = neverLeaves(config.inference.neverLeaves)
  const knowledge = await openKnowledge(sql, config.knowledge, (incidents) => homebound(sql, incidents, staysHome))
  closers.push(() => knowledge.index.close())

  const inference = await openInference(config.inference, {
    calls: postgresCalls(sql, config.inference.budget),
    placeholderKey: await placeholderKey(sql),
    people: config.people.map(({ name }) => name),
    now: Date.now,
    observe,
  })
  closers.push(() => inference.close())

  const announcer = announcerFor(config.telegram ? [TELEGRAM_CHANNEL] : [])
  const { ollama, claude, mode } = config.inference
  const outside: Outside = { keepsHome: staysHome, cloud: claude !== undefined }
  const deeper =
    ollama || claude
      ? investigations(sql, queue, {
          investigate: config.inference.investigate,
          mode,
          deadlineMs: INVESTIGATION_DEADLINE_MS,
        })
      : undefined
  const desk = approvalDesk({
    sql,
    queue,
    announcer,
    options: { authorizationTtlMs: config.authorizationTtlMs, people: () => people },
    editing: (tx, wanted) => askEdit(tx, queue, wanted),
    ...(claude && deeper && { askCloud: deeper.askCloud }),
  })

  const checkpointer = openCheckpointer(url, {
    max: config.workers + 2,
    onError: (error) => log.warn({ err: error }, 'checkpoints'),
  })
  closers.push(() => checkpointer.close())
  const graph = incidentGraph(
    {
      sql,
      queue,
      toolbox,
      announcer,
      runbooks: () => shelf.byId,
      knowledge: knowledge.search,
      ...(config.changesMinutes > 0 && { changes: { minutes: config.changesMinutes } }),
      ...(deeper && { deeper }),
      people: () => people,
      listeningSince: await postgresStanding(sql).now(),
      rules: {
        protectedNamespaces: config.protectedNamespaces,
        protectedNodes: config.protectedNodes,
        ownHost: config.ownHost ?? null,
        secondPerson: config.secondPerson,
        declared: declaredTools(servers),
      },
      options: {
        approvalTtlMs: config.approvalTtlMs,
        authorizationTtlMs: config.authorizationTtlMs,
        verifyScale: config.verifyScale,
        grantTtlMs,
        clockSkewMs: clockSkewOf(servers),
      },
    },
    checkpointer.saver,
    observe,
  )

  const worker = incidentWorker({ sql, queue, graph, instance: config.instanceName, concurrency: config.workers, log })
  closers.push(() => worker.stop())

  const looker = looking({
    ...{ config, sql, queue, toolbox, announcer, inference, log },
    declared: declaredTools(servers),
    knowledge: knowledge.search,
    runbooks: () => shelf.byId,
    people: () => people,
  })
  closers.push(() => looker.stop())

  const polled = config.alertmanager !== undefined
  const intake = postgresIntake(
    sql,
    { cluster: config.clusterName, correlationLabels: config.correlationLabels },
    {
      async moved(tx, incidents, alarming) {
        await sentTogether([
          announcer.card(tx, incidents, 'soon'),
          announcer.ping(tx, alarming, 'critical'),
          hint(tx, queue, incidents),
        ])
      },
      onContradiction() {
        if (polled) wishPoll(sql).catch((error) => log.warn({ err: error }, 'a poll could not be asked for'))
      },
      onWatchdog: () => void feedWatchdog(config.watchdogUrl, log),
      onPoisoned: (error) => log.error({ err: error }, 'an alert could not be stored'),
    },
  )
  if (config.alertmanager) {
    const { url: base, token, receiver, pollMs } = config.alertmanager
    const asking = reconciler({
      api: alertmanagerApi({ url: base, receiver, ...(token !== undefined && { authorization: `Bearer ${token}` }) }),
      intake,
      standing: postgresStanding(sql),
      receiver,
      intervalMs: pollMs,
      onFailure: (error) => log.warn({ err: error }, 'Alertmanager could not be asked'),
    })
    const wishes = await hearPollWishes(sql, asking.wake)
    closers.push(() => wishes.close())
    const duty = onDuty(
      sql,
      { name: 'duty:alertmanager', instance: config.instanceName, ttlMs: DUTY_TTL_MS },
      (signal) => asking.start(signal),
    )
    closers.push(() => duty.stop())
  }

  const webhookToken = config.webhook.token ?? (config.webhook.basic ? undefined : await ownToken(config.dataDir))
  const onIncomplete = leftOut({
    sql,
    polled,
    count: (reason) => metrics.incompleteWebhooks.inc({ reason }),
    notice: announcer.notice,
    log,
  })
  const hooks = alertmanagerWebhook({
    intake,
    credentials: { token: webhookToken, basic: config.webhook.basic },
    maxBodyBytes: config.webhook.maxBodyBytes,
    onIncomplete: (reason, left) => void onIncomplete(reason, left),
    onFailure(error) {
      metrics.failures.inc({ part: 'ingest' })
      log.warn({ err: error }, 'a webhook could not be taken')
    },
  })

  const routes: Hono[] = [hooks]
  if (config.knowledge.token !== undefined)
    routes.push(
      knowledgeApi({
        search: knowledge.search,
        runbook: (id) => shelf.byId.get(id),
        stats: (id) => runbookStats(sql, id),
        token: config.knowledge.token,
      }),
    )
  const server = await listen(config)
  closers.push(() => server.close())
  const signIn = postgresSessions(sql, () => config.people)
  const runbookOf = (runbook: string) => shelf.byId.get(runbook)
  if (config.console) {
    const changes = await cardChanges(sql)
    closers.push(() => changes.close())
    routes.push(
      consoleApp({
        incidents: {
          list: () => incidentList(sql, runbookOf),
          view: (id) => incidentView(sql, id, runbookOf, outside),
        },
        buttons: { tokens: (incident, specs) => liveButtons(sql, incident, specs) },
        desk,
        questions: consoleQuestions(sql, queue),
        sessions: signIn,
        policy: consolePolicy(sql, announcer),
        ledger: { newest: (limit) => newestEntries(sql, limit) },
        changes,
        options: {
          host: config.host,
          port: server.port,
          timezone: config.timezone,
          ...(config.publicUrl !== undefined && { publicUrl: config.publicUrl }),
        },
      }),
    )
  }
  const address = addressOf(config.host, server.port)
  const linkFor = async (person: string) =>
    config.console ? await loginLink(signIn, config.publicUrl ?? address, person) : undefined
  if (config.telegram) {
    const telegram = startTelegram({
      config: { ...config, telegram: config.telegram },
      sql,
      queue,
      desk,
      announcer,
      people: () => people,
      runbookOf,
      runbooks: () => shelf.byId,
      models: { status: inference.router.status, mode: config.inference.mode, budget: config.inference.budget },
      cluster: config.clusterName,
      outside,
      consoleLink: ({ name }) => linkFor(name),
      clean: inference.redactor.forChat,
      log,
      observe,
    })
    if (telegram.webhook) routes.unshift(telegram.webhook)
    // What kept another from speaking may be over by now: only who has the duty knows.
    metrics.troubles('telegram', () => (telegram.onDuty ? telegram.troubles() : []))
    closers.push(() => telegram.stop())
  }
  server.serve(httpApp({ sql, registry: metrics.registry, routes }))

  await worker.start()
  await looker.start()

  void toolbox.tools()
  const indexing = onDuty(sql, { name: 'duty:index', instance: config.instanceName, ttlMs: DUTY_TTL_MS }, (signal) =>
    keepIndexed({
      knowledge,
      sources: knowledgeSources(config.knowledge.dirs, () => shelf.byId.values(), sql),
      signal,
      onFailure: (error) => log.warn({ err: error }, 'the index could not be brought up to date'),
    }),
  )
  closers.push(() => indexing.stop())
  closers.push(publishHeads(sql, log))
  return {
    url: address,
    webhookToken,
    databaseUrl: url,
    lost: embedded?.lost ?? new Promise(() => {}),
    runbooks: () => shelf.byId,
    loginLink: (person = localAdmin.name) => linkFor(person),
    parts: async () =>
      await partsOf(config, {
        toolbox,
        configured,
        runbooks: shelf.byId.size,
        problems: shelf.problems,
        mode: await modeNow(sql, mode),
      }),
    stop,
  }
}

function peopleOf(config: Config): Config['people'] {
  return config.people.length > 0 ? config.people : [localAdmin]
}
