import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type App, startApp } from '../../src/app.ts'
import { verifyLedger } from '../../src/autonomy/ledger.ts'
import { createLog } from '../../src/cli/log.ts'
import { readConfig } from '../../src/config.ts'
import type { IncidentView } from '../../src/domain/view.ts'
import { connect, type Sql } from '../../src/storage/postgres.ts'
import { startAlertmanager } from '../simulators/alertmanager/server.ts'
import { type SimulatedCluster, startKubernetes } from '../simulators/kubernetes/cluster.ts'
import { watchRules } from './rules.ts'

/** What the demo counts at its end; `executions` by the cluster itself. */
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
  cluster: SimulatedCluster
  sql: Sql
  breakSomething(): void
  result(view: IncidentView | undefined, tookMs: number): Promise<Result>
  stop(): Promise<void>
}

const WORKLOAD = 'media/radarr'

/** Starts all of it in a folder of its own, which goes away at the end. Windows of minutes become seconds. */
export async function startStage(): Promise<Stage> {
  const folder = await mkdtemp(join(tmpdir(), 'watchkeeper-demo-'))
  // Postgres never runs as root: where we are root, its own user must be let through to its folder.
  await chmod(folder, 0o711)
  const cluster = await startKubernetes({ clusterName: 'talos-main', rolloutMs: 1_500 })
  cluster.addWorkload({ namespace: 'media', name: 'radarr', memoryLimit: '1Gi', image: 'ghcr.io/onedr0p/radarr:5.22' })
  for (const role of ['reader', 'operator'] as const)
    await writeFile(join(folder, role), cluster.kubeconfig(role), { mode: 0o600 })
  const app = await startApp(
    readConfig({
      DATA_DIR: join(folder, 'data'),
      PORT: process.env.PORT ?? '0',
      KUBECONFIG: join(folder, 'reader'),
      KUBECONFIG_OPERATOR: join(folder, 'operator'),
      CLUSTER_NAME: 'talos-main',
      VERIFY_SCALE: '0.004',
      LOG_LEVEL: 'warn',
    }),
    { log: createLog('warn') },
  )
  const alertmanager = await startAlertmanager({
    webhookUrl: `${app.url}/webhooks/alertmanager`,
    credentials: { bearer: app.webhookToken ?? '' },
  })
  const rules = watchRules(cluster, alertmanager, 'talos-main')
  const sql = connect(app.databaseUrl, { max: 2, applicationName: 'demo' })
  return {
    app,
    cluster,
    sql,
    breakSomething: () => cluster.breakWorkload(WORKLOAD, 'oom', { needs: '1400Mi' }),
    async result(view, tookMs) {
      const [counts] = await sql<{ alerts: number; cards: number; approvals: number }[]>`
        select (select count(*) from alerts) as alerts, (select count(*) from incidents) as cards,
          (select count(*) from approvals where status = 'approved') as approvals`
      const audit = await verifyLedger(sql)
      return {
        alerts: counts?.alerts ?? 0,
        cards: counts?.cards ?? 0,
        approvals: counts?.approvals ?? 0,
        executions: cluster.changes().length,
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
      await cluster.stop()
      await rm(folder, { recursive: true, force: true })
    },
  }
}
