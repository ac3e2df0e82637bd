import type { RecordEvent } from './events.ts'
import type { Draft, KubeObject } from './objects.ts'
import type { WorkloadSpec } from './workload-spec.ts'
import type { WorkloadLogs } from './workloads.ts'

/** Put together here, so that no scanner takes them for somebody's. */
const join = (...parts: string[]) => parts.join('')

const VALUES = {
  database: 'planted-database-passphrase',
  registry: 'planted-registry-token',
  config: 'planted-config-password',
  environment: 'planted-environment-key',
  lastApplied: 'planted-last-applied-token',
  argument: 'planted-admin-argument',
  url: 'planted-url-password',
  annotation: 'planted-annotation-secret',
  clientKey: 'cGxhbnRlZC1jbGllbnQta2V5',
  machineToken: join('1anted', '.', '0123456789abcdef'),
  joinToken: join('abcdef', '.', 'p1antedp1antedxx'),
  logged: 'planted-logged-password',
  bearer: join('planted', 'Bearer', '0123456789abcdef'),
  github: join('gh', 'p_', 'plantedplantedplantedplanted0123'),
  jwt: join('eyJ', 'hbGciOiJub25lIn0', '.', 'eyJzdWIiOiJwbGFudGVkIn0', '.', 'cGxhbnRlZA'),
  keyBody: 'MC4CAQAwBQYDK2VwBCIEIHBsYW50ZWRwbGFudGVk',
  event: 'planted-event-password',
  resource: 'planted-resource-api-token',
  job: 'planted-job-password',
} as const

/** Made-up values planted where secrets live in a real cluster: none of them may ever be shown by a tool. */
export const PLANTED: readonly string[] = Object.values(VALUES)

export interface Planting {
  put(draft: Draft): KubeObject
  add(spec: WorkloadSpec): KubeObject
  record: RecordEvent
  setLogs(key: string, logs: WorkloadLogs): void
}

/** Puts a secret of each kind that tools must mask into the namespace `vault`. */
export function plantSecrets({ put, add, record, setLogs }: Planting): void {
  const keeper = add({
    namespace: 'vault',
    name: 'keeper',
    image: 'ghcr.io/example/keeper:2.1.0',
    annotations: {
      'kubectl.kubernetes.io/last-applied-configuration': JSON.stringify({ spec: { token: VALUES.lastApplied } }),
      'example.com/webhook-secret': VALUES.annotation,
    },
    env: [
      { name: 'LOG_LEVEL', value: 'info' },
      { name: 'SIGNING_KEY', value: VALUES.environment },
      { name: 'DATABASE_URL', value: `postgres://keeper:${VALUES.url}@database/keeper` },
      { name: 'DATABASE_PASSWORD', valueFrom: { secretKeyRef: { name: 'keeper-database', key: 'password' } } },
    ],
    args: ['--listen=:8080', '--admin-password', VALUES.argument],
  })
  const message = `Failed to log in with password=${VALUES.event} and token ${VALUES.joinToken}`
  record({ about: keeper, type: 'Warning', reason: 'LoginFailed', message, component: 'keeper' })
  const lines = [
    'level=info msg="starting keeper"',
    `level=warn msg="retrying" password=${VALUES.logged}`,
    `> GET /v1/items authorization: Bearer ${VALUES.bearer}`,
    `cloning https://keeper:${VALUES.url}@git.example/keeper.git with ${VALUES.github}`,
    `session ${VALUES.jwt}`,
    '-----BEGIN PRIVATE KEY-----',
    VALUES.keyBody,
    '-----END PRIVATE KEY-----',
    'level=info msg="listening"',
  ]
  setLogs('vault/keeper', { current: lines, previous: lines })
  for (const draft of drafts()) put({ ...draft, metadata: { namespace: 'vault', ...draft.metadata } })
}

function drafts(): Draft[] {
  const base64 = (text: string) => Buffer.from(text).toString('base64')
  const auths = { 'registry.example': { auth: base64(VALUES.registry) } }
  const template = {
    spec: {
      restartPolicy: 'Never',
      containers: [
        { name: 'backup', image: 'ghcr.io/example/backup:1.0.0', env: [{ name: 'PGPASSWORD', value: VALUES.job }] },
      ],
    },
  }
  return [
    {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: 'keeper-database' },
      type: 'Opaque',
      data: { username: base64('keeper'), password: base64(VALUES.database) },
    },
    {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: 'registry' },
      type: 'kubernetes.io/dockerconfigjson',
      data: { '.dockerconfigjson': base64(JSON.stringify({ auths })) },
    },
    {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'keeper-config' },
      data: {
        'keeper.yaml': `listen: ":8080"\ndatabase:\n  user: keeper\n  password: ${VALUES.config}\n`,
        LOG_LEVEL: 'info',
        'cluster.conf': `apiVersion: v1\nkind: Config\nusers:\n- name: admin\n  user:\n    client-key-data: ${VALUES.clientKey}\n`,
        'worker.yaml': `version: v1alpha1\nmachine:\n  type: worker\n  token: ${VALUES.machineToken}\n`,
      },
    },
    {
      apiVersion: 'cert-manager.io/v1',
      kind: 'Certificate',
      metadata: { name: 'keeper' },
      spec: { secretName: 'keeper-tls', issuerRef: { name: 'home' }, webhook: { apiToken: VALUES.resource } },
    },
    {
      apiVersion: 'batch/v1',
      kind: 'CronJob',
      metadata: { name: 'backup' },
      spec: { schedule: '0 3 * * *', concurrencyPolicy: 'Forbid', suspend: false, jobTemplate: { spec: { template } } },
    },
  ]
}
