import { generateKeyPairSync } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { configurationPage, envExample } from '../src/config/documents.ts'
import { VARIABLES } from '../src/config/variables.ts'
import { configurationNames, type Environment, type Files, readConfig } from '../src/config.ts'
import { ConfigurationError } from '../src/domain/errors.ts'

function filesWith(contents: Record<string, string>): Files {
  return { read: (path) => contents[path], exists: (path) => path in contents }
}

const none = filesWith({})

function read(env: Environment, files = none) {
  return readConfig(env, { files })
}

/** The variables a broken environment is told about, with what is said of each. */
function problems(env: Environment, files = none): Record<string, string> {
  try {
    read(env, files)
  } catch (error) {
    if (error instanceof ConfigurationError)
      return Object.fromEntries(error.problems.map(({ variable, remedy }) => [variable, remedy]))
    throw error
  }
  throw new Error('This environment was expected to be refused.')
}

const telegram = {
  TELEGRAM_BOT_TOKEN: '1234:AbC_d-e',
  TELEGRAM_CHAT_ID: '-1001234567890',
  PEOPLE: 'alice:1001:admin, bob:1002:operator',
}

test('nothing set is a working configuration of one machine', () => {
  const config = read({})
  expect(config).toMatchObject({
    host: '127.0.0.1',
    port: 8484,
    dataDir: './data',
    databaseUrl: undefined,
    telegram: undefined,
    alertmanager: undefined,
    people: [],
    console: true,
    ci: false,
    policy: 'VERBOSE',
    secondPerson: 'required',
    approvalTtlMs: 3_600_000,
    authorizationTtlMs: 900_000,
    verifyScale: 1,
    workers: 4,
    correlationLabels: ['alertname', 'cluster', 'namespace', 'workload'],
    mcpServersFile: undefined,
    webhook: { token: undefined, basic: undefined, maxBodyBytes: 1_048_576 },
  })
  expect(config.protectedNamespaces).toContain('kube-system')
})

test('the configuration cannot be changed, at any depth', () => {
  const config = read(telegram)
  expect(Object.isFrozen(config)).toBe(true)
  expect(Object.isFrozen(config.people[0])).toBe(true)
  expect(Object.isFrozen(config.telegram?.topics.routes[0]?.matchers)).toBe(true)
})

test('an empty variable counts as unset', () => {
  expect(read({ PORT: '', DATABASE_URL: '  ', PEOPLE: '' })).toEqual(read({}))
})

test('everything wrong is named at once, and no value is shown', () => {
  const env = {
    PORT: 'secret-1',
    DATABASE_URL: 'mysql://secret-2',
    TELEGRAM_BOT_TOKEN: 'secret-3',
    PEOPLE: 'secret-4',
    APPROVAL_TTL: 'secret-5',
    TELEGRAM_TOPICS: '{"secret-6":1}',
    GRANT_KEY: 'secret-7',
    TIMEZONE: 'secret-8',
  }
  expect(Object.keys(problems(env)).sort()).toEqual([...Object.keys(env), 'TELEGRAM_CHAT_ID'].sort())
  expect(() => read(env)).toThrow(/9 settings must change/)
  expect(() => read(env)).not.toThrow(/secret-/)
})

test.each<[keyof typeof VARIABLES, string, RegExp]>([
  ['PORT', '70000', /whole number from 0 to 65535/],
  ['PORT', '80a', /whole number/],
  ['WORKERS', '0', /from 1 to 64/],
  ['CONSOLE', 'perhaps', /on or off/],
  ['LOG_LEVEL', 'loud', /trace, debug, .* or silent/],
  ['TELEGRAM_MODE', 'push', /polling or webhook/],
  ['TELEGRAM_WEBHOOK_SECRET', 'has space', /1 to 256/],
  ['TELEGRAM_WEBHOOK_SECRET', 'x'.repeat(257), /1 to 256/],
  ['TELEGRAM_CHAT_ID', '@mygroup', /numeric id/],
  ['TELEGRAM_TOPICS', 'default, sonarr', /arr, home-assistant/],
  ['TELEGRAM_API_ROOT', 'ftp://x', /http:\/\/ or https:\/\//],
  ['ALERTMANAGER_URL', 'https://user:pass@host', /leave the user and the password out/],
  ['ALERTMANAGER_RECEIVER', 'watch(', /a name, or to a regular expression/],
  ['QUIET_HOURS', '23-24', /hours of the day/],
  ['QUIET_HOURS', '7-07', /two different hours/],
  ['TIMEZONE', 'Mars/Olympus', /Europe\/Berlin/],
  ['APPROVAL_TTL', '10', /such as 90s, 15m or 1h/],
  ['APPROVAL_TTL', '5s', /from 1m to 7d/],
  ['VERIFY_SCALE', '2', /0.0001 to 1/],
  ['MAX_BODY_BYTES', '12 GB', /1 MiB/],
  ['CORRELATION_LABELS', 'alertname,bad-label', /label names/],
  ['WEBHOOK_TOKEN', 'short', /16 to 512/],
  ['PEOPLE', 'alice:0:admin', /positive whole number/],
  ['PEOPLE', 'alice:@alice:admin', /@username does not do/],
  ['PEOPLE', 'alice:1:boss', /viewer, operator and admin/],
  ['PEOPLE', 'alice:1', /name:telegram-id:role/],
  ['PEOPLE', 'alice:1:admin,bob:1:viewer', /each Telegram id once/],
  ['PEOPLE', 'alice:1:admin,Alice:2:viewer', /name of their own/],
  ['PEOPLE', 'alice:1:operator', /an admin/],
])('%s=%s is refused with what to set', (name, value, remedy) => {
  expect(problems({ [name]: value })[name]).toMatch(remedy)
})

test('durations, sizes, hours and lists are read', () => {
  const config = read({
    APPROVAL_TTL: '1h30m',
    AUTHORIZATION_TTL: '90s',
    MAX_BODY_BYTES: '2 MiB',
    QUIET_HOURS: '23-07',
    TIMEZONE: 'Europe/Berlin',
    PROTECTED_NODES: 'cp-1, cp-2,,cp-1',
    VERIFY_SCALE: '0.01',
    CI: 'true',
  })
  expect(config).toMatchObject({
    approvalTtlMs: 5_400_000,
    authorizationTtlMs: 90_000,
    quietHours: { from: 23, until: 7 },
    timezone: 'Europe/Berlin',
    protectedNodes: ['cp-1', 'cp-2'],
    verifyScale: 0.01,
    ci: true,
  })
  expect(config.webhook.maxBodyBytes).toBe(2_097_152)
})

test('people have a name, a numeric id and a role', () => {
  expect(read(telegram).people).toEqual([
    { name: 'alice', telegramId: 1001, role: 'admin' },
    { name: 'bob', telegramId: 1002, role: 'operator' },
  ])
})

test('a secret can be in a file, and only in one place', () => {
  const files = filesWith({ '/run/token': ' 1234:from-file\n', '/run/empty': '\n' })
  const { TELEGRAM_BOT_TOKEN: _, ...rest } = telegram
  expect(read({ ...rest, TELEGRAM_BOT_TOKEN_FILE: '/run/token' }, files).telegram?.botToken).toBe('1234:from-file')
  expect(problems({ ...telegram, TELEGRAM_BOT_TOKEN_FILE: '/run/token' }, files)).toEqual({
    TELEGRAM_BOT_TOKEN: 'set either it or TELEGRAM_BOT_TOKEN_FILE, not both',
  })
  expect(problems({ ...rest, TELEGRAM_BOT_TOKEN_FILE: '/run/none' }, files)).toEqual({
    TELEGRAM_BOT_TOKEN: 'let TELEGRAM_BOT_TOKEN_FILE name a file that this process can read',
  })
  expect(Object.keys(problems({ WEBHOOK_TOKEN_FILE: '/run/empty' }, files))).toEqual(['WEBHOOK_TOKEN'])
})

test('self is for a watch of one: with two who may decide it is refused, with a viewer beside it is not', () => {
  const self = { SECOND_PERSON: 'self' }
  expect(problems({ ...self, PEOPLE: 'alice:1:admin, bob:2:operator' })).toEqual({
    SECOND_PERSON:
      'set it to required, or make all but one of PEOPLE viewers: self is for a watch of one, and here more than one person may decide',
  })
  expect(read({ ...self, PEOPLE: 'alice:1:admin, vera:2:viewer' }).secondPerson).toBe('self')
  expect(read(self).secondPerson).toBe('self')
})

test.each<[string, Environment, string[]]>([
  ['a bot needs its chat and people', { TELEGRAM_BOT_TOKEN: '1:a' }, ['PEOPLE', 'TELEGRAM_CHAT_ID']],
  ['a chat needs its bot', { TELEGRAM_CHAT_ID: '5' }, ['TELEGRAM_BOT_TOKEN']],
  [
    'webhook mode needs an address and a secret',
    { ...telegram, TELEGRAM_MODE: 'webhook' },
    ['PUBLIC_URL', 'TELEGRAM_WEBHOOK_SECRET'],
  ],
  [
    'webhook mode needs https',
    { ...telegram, TELEGRAM_MODE: 'webhook', TELEGRAM_WEBHOOK_SECRET: 'x', PUBLIC_URL: 'http://wk.example' },
    ['PUBLIC_URL'],
  ],
  ['a user needs a password', { WEBHOOK_USERNAME: 'alertmanager' }, ['WEBHOOK_PASSWORD']],
  ['a password needs a user', { WEBHOOK_PASSWORD: 'long enough' }, ['WEBHOOK_USERNAME']],
  ['a named file of servers must be there', { MCP_SERVERS_FILE: '/etc/none.json' }, ['MCP_SERVERS_FILE']],
])('%s', (_, env, names) => {
  expect(Object.keys(problems(env)).sort()).toEqual(names)
})

test('the default file of tool servers is used when it is there', () => {
  expect(read({}, filesWith({ './mcp-servers.json': '{}' })).mcpServersFile).toBe('./mcp-servers.json')
})

test('topics: presets add to the default ones, and what is critical goes first', () => {
  const topics = read({ ...telegram, TELEGRAM_TOPICS: 'default, arr' }).telegram?.topics
  expect(topics?.topics.map(({ name }) => name)).toEqual([
    '🔴 Critical Alerts',
    '🔵 Infrastructure',
    '📊 Weekly Reports',
    '✅ Resolved',
    '🟡 Arr Suite',
  ])
  expect(topics?.routes.map(({ topic }) => topic)).toEqual(['critical', 'arr'])
  expect(topics?.fallback).toBe('infrastructure')
})

test('topics: a plan of one’s own, as the page of configuration shows it', () => {
  const example = /```json\n([\s\S]*?)```/.exec(configurationPage())?.[1] ?? ''
  const topics = read({ ...telegram, TELEGRAM_TOPICS: example }).telegram?.topics
  expect(topics?.routes[1]).toEqual({ matchers: ['namespace=~"media|arr"', 'cluster="home"'], topic: 'media' })
  const spoiled = example.replace('"fallback": "other"', '"fallback": "nowhere"')
  expect(problems({ TELEGRAM_TOPICS: spoiled }).TELEGRAM_TOPICS).toMatch(/among its topics/)
})

test('a grant key must be an Ed25519 key, and may have its line ends escaped', () => {
  const pem = generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }).toString().trim()
  const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({ type: 'pkcs8', format: 'pem' })
  expect(read({ GRANT_KEY: pem.replaceAll('\n', '\\n') }).grantKey).toBe(pem)
  expect(problems({ GRANT_KEY: rsa.toString() }).GRANT_KEY).toMatch(/ed25519/)
})

test('.env.example and the page of configuration are what the table says', () => {
  const written = (path: string) => readFileSync(new URL(`../${path}`, import.meta.url), 'utf8')
  const advice = 'run: node src/config/write-documents.ts'
  expect(written('.env.example'), advice).toBe(envExample())
  expect(written('docs/configuration.md'), advice).toBe(configurationPage())
})

test('the example as it stands, and with its defaults switched on, changes nothing', () => {
  const lines = [...envExample().matchAll(/^#([A-Z_]+)=(.*)$/gm)].map(([, name = '', value = '']) => [name, value])
  expect(lines.map(([name]) => name).sort()).toEqual(Object.keys(VARIABLES).sort())
  const env = Object.fromEntries(lines.filter(([name]) => name !== 'MCP_SERVERS_FILE'))
  expect(read(env)).toEqual(read({}))
})

test('the names of all variables, with the files of secrets', () => {
  expect(configurationNames()).toContain('TELEGRAM_BOT_TOKEN_FILE')
  expect(configurationNames()).not.toContain('PORT_FILE')
})

test('PROMETHEUS_URL is one address, or several with names of their own', () => {
  expect(read({}).prometheus).toBeUndefined()
  const one = { PROMETHEUS_URL: 'http://prometheus:9090', PROMETHEUS_TOKEN: 'secret' }
  expect(read(one).prometheus).toEqual({ url: 'http://prometheus:9090', token: 'secret' })
  expect(read({ PROMETHEUS_URL: 'home=http://a:9090, cabin=https://b' }).prometheus?.url).toContain('cabin')
  for (const wrong of [
    'prometheus:9090',
    'home=ftp://a',
    'http://a, http://b',
    'a=http://a, a=http://b',
    'http://u:p@a',
  ])
    expect(Object.keys(problems({ PROMETHEUS_URL: wrong }))).toEqual(['PROMETHEUS_URL'])
})

test('the knowledge server asks this process, wherever it listens', () => {
  const token = 'a-token-of-sixteen-or-more'
  const at = (env: Environment) => read({ KNOWLEDGE_TOKEN: token, ...env }).knowledgeApi?.url
  expect(at({})).toBe('http://127.0.0.1:8484')
  expect(at({ HOST: '0.0.0.0', PORT: '80' })).toBe('http://127.0.0.1:80')
  expect(at({ HOST: '::' })).toBe('http://[::1]:8484')
  expect(at({ HOST: '10.0.0.5' })).toBe('http://10.0.0.5:8484')
  expect(at({ PORT: '0' })).toBeUndefined()
  expect(read({}).knowledgeApi).toBeUndefined()
})

test('a pod is known by the address of its API server and the credential beside it', () => {
  const token = '/var/run/secrets/kubernetes.io/serviceaccount/token'
  const pod = { KUBERNETES_SERVICE_HOST: '10.96.0.1', KUBERNETES_SERVICE_PORT: '6443' }
  expect(read(pod, filesWith({ [token]: 't' })).inCluster).toEqual({ host: '10.96.0.1', port: 6443 })
  expect(read(pod).inCluster).toBeUndefined()
  expect(read({}, filesWith({ [token]: 't' })).inCluster).toBeUndefined()
})

test('what our tool servers may not do is read, and a pattern that is none is told', () => {
  expect(read({})).toMatchObject({ mcpReadOnly: false, mcpDeny: [], kubeconfigAllowExec: false })
  const limits = { MCP_READ_ONLY: '1', MCP_DENY: 'statefulset, */vault', KUBECONFIG_ALLOW_EXEC: '1' }
  expect(read(limits)).toMatchObject({
    mcpReadOnly: true,
    mcpDeny: ['statefulset', '*/vault'],
    kubeconfigAllowExec: true,
  })
  expect(problems({ MCP_DENY: 'deployment/shop cart' }).MCP_DENY).toMatch(/^set it to KIND, KIND\/NAMESPACE or/)
})
