import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type App, startApp } from '../../src/app.ts'
import { verifyLedger } from '../../src/autonomy/ledger.ts'
import { createLog } from '../../src/cli/log.ts'
import { readConfig } from '../../src/config.ts'
import type { Person } from '../../src/domain/person.ts'
import type { IncidentView } from '../../src/domain/view.ts'
import { connect, type Sql } from '../../src/storage/postgres.ts'
import { startAlertmanager } from '../simulators/alertmanager/server.ts'
import { followRules } from '../support/alert-rules.ts'
import { startModels } from './models.ts'
import { scenarioNamed } from './scenarios/index.ts'
import type { Scenario } from './scenarios/scenario.ts'

/** What the demo counts at its end; `executions` by the simulated platform itself. */
export interface Result {
  alerts: number
  cards: number
  approvals: number
  executions: number
  outcome: string
  audit: string
  seconds: number
}

export interface Stage {
  app: App
  sql: Sql
  /** Those of the story; none where whoever opens the printed link decides. */
  people: readonly Person[]
  breakSomething(): void
  result(view: IncidentView | undefined, tookMs: number): Promise<Result>
  stop(): Promise<void>
}

/** Starts all of it in a folder of its own, which goes away at the end. Windows of minutes become seconds. */
export async function startStage(
  scenario: Scenario = scenarioNamed(),
  { models: simulated = false }: { models?: boolean } = {},
): Promise<Stage> {
  const folder = await mkdtemp(join(tmpdir(), 'watchkeeper-demo-'))
  // Postgres never runs as root: where we are root, its own user must be let through to its folder.
  await chmod(folder, 0o711)
  const staged = await scenario.start(folder)
  const models = simulated ? await startModels(scenario.models) : undefined
  const config = readConfig({
    DATA_DIR: join(folder, 'data'),
    PORT: process.env.PORT ?? '0',
    VERIFY_SCALE: '0.004',
    LOG_LEVEL: 'warn',
    ...staged.env,
    ...models?.env,
  })
  const app = await startApp(config, { log: createLog('warn') })
  const alertmanager = await startAlertmanager({
    webhookUrl: `${app.url}/webhooks/alertmanager`,
    credentials: { bearer: app.webhookToken ?? '' },
  })
  const rules = followRules(staged.alerts, alertmanager, 100)
  const sql = connect(app.databaseUrl, { max: 2, applicationName: 'demo' })
  return {
    app,
    sql,
    people: config.people,
    breakSomething: staged.breakSomething,
    async result(view, tookMs) {
      const [counts] = await sql<{ alerts: number; cards: number; approvals: number }[]>`
        select (select count(*) from alerts) as alerts, (select count(*) from incidents) as cards,
          (select count(*) from approvals where status = 'approved') as approvals`
      const audit = await verifyLedger(sql)
      return {
        alerts: counts?.alerts ?? 0,
        cards: counts?.cards ?? 0,
        approvals: counts?.approvals ?? 0,
        executions: staged.changes(),
        outcome: view?.incident.outcome ?? 'unfinished',
        audit: audit.ok ? 'ok' : audit.because,
        seconds: Math.round(tookMs / 100) / 10,
      }
    },
    async stop() {
      rules.stop()
      await alertmanager.stop()
      await sql.end({ timeout: 1 })
      await app.stop()
      await staged.stop()
      await models?.stop()
      await rm(folder, { recursive: true, force: true })
    },
  }
}
