import { MODES, SIGNALS } from '../domain/inference.ts'
import { ed25519Key } from './grant-key.ts'
import { money, neverLeavesRules, ollamaHost, priceTable } from './models.ts'
import {
  bytes,
  chatId,
  denyPatterns,
  duration,
  integer,
  labelNames,
  listOf,
  matching,
  number,
  oneOf,
  postgresUrl,
  presence,
  prometheusUrls,
  quietHours,
  text,
  timezone,
  toggle,
  webUrl,
  wholePattern,
  words,
} from './parsers.ts'
import { people } from './people.ts'
import { topicPlan } from './topics.ts'
import { optional, set } from './variable.ts'

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

/** Every variable there is. The order is the order of the documents. */
export const VARIABLES = {
  HOST: set({
    section: 'This process',
    type: 'address',
    default: '127.0.0.1',
    about: 'The address to listen on for webhooks and the console. `0.0.0.0` means every address of the machine.',
    parse: text,
  }),
  PORT: set({
    section: 'This process',
    type: 'port',
    default: '8484',
    about: 'The port to listen on. 0 takes any that is free.',
    parse: integer(0, 65_535),
  }),
  PUBLIC_URL: optional({
    section: 'This process',
    type: 'address',
    without: 'links in cards are left out',
    about: 'Where people and Telegram reach this process from outside.',
    parse: webUrl,
  }),
  INSTANCE_NAME: set({
    section: 'This process',
    type: 'text',
    default: 'watchkeeper',
    about: 'What this installation calls itself in cards, logs and metrics.',
    parse: matching(/^[\p{L}\p{N} ._-]{1,40}$/u, 'use up to 40 letters, digits, spaces, dots, dashes and underscores'),
  }),
  LOG_LEVEL: set({
    section: 'This process',
    type: 'trace, debug, info, warn, error, fatal or silent',
    default: 'info',
    about: 'The least important messages that are logged.',
    parse: oneOf('trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'),
  }),
  CI: set({
    section: 'This process',
    type: 'on or off',
    default: 'off',
    about: 'Set by build services. Nothing waits for a person at the terminal then.',
    parse: presence,
  }),
  WORKERS: set({
    section: 'This process',
    type: 'number',
    default: '4',
    about: 'How many incidents this process moves at the same time.',
    parse: integer(1, 64),
  }),
  WATCHDOG_URL: optional({
    section: 'This process',
    type: 'address',
    without: 'nobody is told when Watchkeeper itself is gone',
    secret: true,
    about: 'A dead-man’s switch to call while everything is well; such addresses hold a key, so it counts as a secret.',
    parse: webUrl,
  }),

  DATABASE_URL: optional({
    section: 'Storage',
    type: 'address',
    without: 'an embedded Postgres runs in DATA_DIR',
    secret: true,
    about: 'The Postgres that holds everything: `postgres://user:password@host:5432/database`. Replicas share one.',
    parse: postgresUrl,
  }),
  DATA_DIR: set({
    section: 'Storage',
    type: 'folder',
    default: './data',
    about:
      'What is kept on this machine: the embedded Postgres and generated keys. One process at a time uses a folder.',
    parse: text,
  }),

  WEBHOOK_TOKEN: optional({
    section: 'Alerts coming in',
    type: 'text',
    without: 'unless WEBHOOK_USERNAME is set, a token is made and kept in DATA_DIR',
    secret: true,
    about: 'What a webhook must send as `Authorization: Bearer …`.',
    parse: matching(
      /^[\x21-\x7e]{16,512}$/,
      'use 16 to 512 characters without spaces, such as the output of openssl rand -hex 24',
    ),
  }),
  WEBHOOK_USERNAME: optional({
    section: 'Alerts coming in',
    type: 'text',
    without: 'basic credentials are not accepted',
    about: 'The user a webhook must name in basic credentials. Needs WEBHOOK_PASSWORD.',
    parse: matching(/^[^:\p{Cc}]{1,128}$/u, 'use up to 128 characters without a colon'),
  }),
  WEBHOOK_PASSWORD: optional({
    section: 'Alerts coming in',
    type: 'text',
    without: 'basic credentials are not accepted',
    secret: true,
    about: 'The password that goes with WEBHOOK_USERNAME.',
    parse: matching(/^[^\p{Cc}]{8,512}$/u, 'use 8 to 512 characters'),
  }),
  MAX_BODY_BYTES: set({
    section: 'Alerts coming in',
    type: 'size',
    default: '1 MiB',
    about: 'The largest webhook that is read; a larger one is answered with 413, and what was in it is polled for.',
    parse: bytes(1_024, 64 * 1_024 * 1_024),
  }),
  CORRELATION_LABELS: set({
    section: 'Alerts coming in',
    type: 'label names',
    default: 'alertname,cluster,namespace,workload',
    about: 'Alerts that agree in all of these belong to one incident. `workload` is derived where no label says it.',
    parse: labelNames,
  }),
  CLUSTER_NAME: set({
    section: 'Alerts coming in',
    type: 'text',
    default: 'default',
    about: 'The cluster of alerts that carry no `cluster` label.',
    parse: matching(/^[A-Za-z0-9._-]{1,63}$/, 'use up to 63 letters, digits, dots, dashes and underscores'),
  }),

  PEOPLE: optional({
    section: 'People',
    type: 'name:telegram-id:role, …',
    without: 'only the local console decides',
    about:
      'Who may do what: `alice:1001:admin, bob:1002:operator`. A viewer reads, an operator decides, an admin is also one of the two that a dangerous plan takes, and may freeze everything.',
    parse: people,
  }),
  SECOND_PERSON: set({
    section: 'People',
    type: 'required or self',
    default: 'required',
    about:
      'What a dangerous plan asks for: two people, or, for a watch of one, the target’s name typed and a second press a minute later. `self` is taken only where one person alone may decide.',
    parse: oneOf('required', 'self'),
  }),
  QUIET_HOURS: optional({
    section: 'People',
    type: 'hours, such as 23-07',
    without: 'messages make a sound at any hour',
    about: 'Hours during which only what is critical buzzes; the rest is in a summary in the morning.',
    parse: quietHours,
  }),
  TIMEZONE: set({
    section: 'People',
    type: 'time zone name',
    default: 'UTC',
    about: 'The time zone of quiet hours and of times on cards, such as `Europe/Berlin`.',
    parse: timezone,
  }),

  TELEGRAM_BOT_TOKEN: optional({
    section: 'Telegram',
    type: 'text',
    without: 'there is no Telegram; the console has the same cards',
    secret: true,
    about: 'The bot’s token from @BotFather. Needs TELEGRAM_CHAT_ID and PEOPLE.',
    parse: matching(/^\d+:[A-Za-z0-9_-]+$/, 'set it to the token that @BotFather gave, digits, a colon and letters'),
  }),
  TELEGRAM_CHAT_ID: optional({
    section: 'Telegram',
    type: 'number',
    without: 'Telegram cannot be used',
    about: 'The numeric id of the chat for cards; a group’s is negative. Topics need a group with topics switched on.',
    parse: chatId,
  }),
  TELEGRAM_MODE: set({
    section: 'Telegram',
    type: 'polling or webhook',
    default: 'polling',
    about: 'Whether one replica asks Telegram for presses, or Telegram sends them to PUBLIC_URL.',
    parse: oneOf('polling', 'webhook'),
  }),
  TELEGRAM_WEBHOOK_SECRET: optional({
    section: 'Telegram',
    type: 'text',
    without: 'TELEGRAM_MODE cannot be webhook',
    secret: true,
    about: 'What Telegram sends along with each update, so that nobody else can.',
    parse: matching(/^[A-Za-z0-9_-]{1,256}$/, 'use 1 to 256 of the characters A-Z a-z 0-9 _ -'),
  }),
  TELEGRAM_TOPICS: set({
    section: 'Telegram',
    type: 'preset names or JSON',
    default: 'default',
    about: 'The topics of the group and what goes where: `default`, more presets (`arr`, `home-assistant`), or JSON.',
    parse: topicPlan,
  }),
  TELEGRAM_RATE_PER_MINUTE: set({
    section: 'Telegram',
    type: 'number',
    default: '20',
    about: 'Messages and edits a minute at most. Telegram allows a bot about 20 in a group; 0 sets no limit.',
    parse: integer(0, 100_000),
  }),
  TELEGRAM_API_ROOT: set({
    section: 'Telegram',
    type: 'address',
    default: 'https://api.telegram.org',
    about: 'Another server that speaks the Bot API.',
    parse: webUrl,
  }),

  CONSOLE: set({
    section: 'Console',
    type: 'on or off',
    default: 'on',
    about: 'Whether the console is served under HOST and PORT.',
    parse: toggle,
  }),

  ALERTMANAGER_URL: optional({
    section: 'Alertmanager',
    type: 'address',
    without: 'alerts whose webhook was lost are not found again',
    about: 'Where Alertmanager’s own API is.',
    parse: webUrl,
  }),
  ALERTMANAGER_TOKEN: optional({
    section: 'Alertmanager',
    type: 'text',
    without: 'Alertmanager is called without credentials',
    secret: true,
    about: 'A bearer token for ALERTMANAGER_URL.',
    parse: matching(/^[\x21-\x7e]+$/, 'use characters without spaces'),
  }),
  ALERTMANAGER_RECEIVER: optional({
    section: 'Alertmanager',
    type: 'regular expression',
    without: 'alerts of every receiver are polled',
    about:
      'The receiver that points to Watchkeeper, by its whole name or a pattern for it; only its alerts are polled.',
    parse: wholePattern,
  }),
  ALERTMANAGER_POLL_SECONDS: set({
    section: 'Alertmanager',
    type: 'seconds',
    default: '60',
    about: 'How often Alertmanager is asked for what a webhook may have missed.',
    parse: integer(1, 3_600),
  }),

  MCP_SERVERS_FILE: set({
    section: 'Tools and clusters',
    type: 'file',
    default: './mcp-servers.json',
    about: 'The tool servers, in the usual `mcpServers` JSON. The default may be missing; a file you name may not.',
    parse: text,
  }),
  MCP_READ_ONLY: set({
    section: 'Tools and clusters',
    type: 'on or off',
    default: 'off',
    about:
      'Whether the tool servers started for the credentials below have no tool that changes anything. One in MCP_SERVERS_FILE takes this in its own `env`.',
    parse: toggle,
  }),
  MCP_DENY: optional({
    section: 'Tools and clusters',
    type: 'patterns',
    without: 'nothing is withheld from the tools beyond what their credentials may not do',
    about:
      'What the tool servers started for the credentials below never change: `statefulset`, `deployment/kube-system`, `*/vault`, `guest/100`, `node/cp-1`. One in MCP_SERVERS_FILE takes this in its own `env`.',
    parse: denyPatterns,
  }),
  KUBECONFIG: optional({
    section: 'Tools and clusters',
    type: 'file',
    without:
      'and in a pod, the pod’s service account looks at its cluster and changes it, unless MCP_SERVERS_FILE names a `kubernetes`, be it as disabled; elsewhere there is no cluster',
    about: 'Credentials for looking at clusters.',
    parse: text,
  }),
  KUBECONFIG_OPERATOR: optional({
    section: 'Tools and clusters',
    type: 'file',
    without: 'KUBECONFIG is used for changes too',
    about: 'Credentials for changing clusters, if they are others than those for looking.',
    parse: text,
  }),
  KUBECONFIG_ALLOW_EXEC: set({
    section: 'Tools and clusters',
    type: 'on or off',
    default: 'off',
    about:
      'Whether a kubeconfig may run a command to get its credential. The command finds PATH, HOME and what the kubeconfig itself sets for it.',
    parse: toggle,
  }),
  KUBERNETES_SERVICE_HOST: optional({
    section: 'Tools and clusters',
    type: 'address',
    without: 'this is no pod',
    about: 'Where the API server is, for a pod: Kubernetes sets it.',
    parse: text,
  }),
  KUBERNETES_SERVICE_PORT: set({
    section: 'Tools and clusters',
    type: 'port',
    default: '443',
    about: 'The port of KUBERNETES_SERVICE_HOST: Kubernetes sets it.',
    parse: integer(1, 65_535),
  }),
  TALOSCONFIG: optional({
    section: 'Tools and clusters',
    type: 'file',
    without: 'there are no Talos tools',
    about: 'Credentials for Talos nodes.',
    parse: text,
  }),
  TALOSCONFIG_OPERATOR: optional({
    section: 'Tools and clusters',
    type: 'file',
    without: 'TALOSCONFIG is used for changes too',
    about: 'Credentials for changing Talos nodes, if they are others than those for looking.',
    parse: text,
  }),
  TALOS_SNAPSHOT_DIR: optional({
    section: 'Tools and clusters',
    type: 'folder',
    without: 'no snapshots of etcd are taken',
    about:
      'Where snapshots of etcd are kept. They hold every Secret of the cluster: a folder that nobody else can read.',
    parse: text,
  }),
  PROXMOX_CONFIG: optional({
    section: 'Tools and clusters',
    type: 'file',
    without: 'there are no Proxmox tools',
    about: 'Where Proxmox clusters are and the tokens for them, as the README of the Proxmox server has it.',
    parse: text,
  }),
  PROXMOX_PROTECTED_TAGS: optional({
    section: 'Tools and clusters',
    type: 'names',
    without: '`etcd` is protected',
    about: 'Tags of guests that are never snapshot or rolled back, where PROXMOX_CONFIG names none.',
    parse: words,
  }),
  PROMETHEUS_URL: optional({
    section: 'Tools and clusters',
    type: 'address, or name=address, …',
    without: 'metrics are not looked at',
    about: 'Where Prometheus is, or what speaks its API: `http://prometheus:9090`, or `home=http://…, cabin=http://…`.',
    parse: prometheusUrls,
  }),
  PROMETHEUS_TOKEN: optional({
    section: 'Tools and clusters',
    type: 'text',
    without: 'Prometheus is called without credentials',
    secret: true,
    about: 'A bearer token for every address in PROMETHEUS_URL.',
    parse: matching(/^[\x21-\x7e]+$/, 'use characters without spaces'),
  }),
  CHANGES_MINUTES: set({
    section: 'Tools and clusters',
    type: 'minutes',
    default: '60',
    about: 'How far before an alert to look for what changed, such as rollouts and tasks. 0: not at all.',
    parse: integer(0, 1_440),
  }),
  GRANT_KEY: optional({
    section: 'Tools and clusters',
    type: 'PEM',
    without: 'a key is made and kept in DATA_DIR',
    secret: true,
    about:
      'The Ed25519 private key that signs permissions for tool servers, made by `openssl genpkey -algorithm ed25519`. Replicas share one.',
    parse: ed25519Key,
  }),
  PROTECTED_NAMESPACES: set({
    section: 'Tools and clusters',
    type: 'names',
    default: 'kube-system,kube-public,kube-node-lease,flux-system,argocd,cert-manager,rook-ceph,longhorn-system',
    about: 'Namespaces in which every change takes two people.',
    parse: words,
  }),
  PROTECTED_NODES: optional({
    section: 'Tools and clusters',
    type: 'names',
    without: 'no node is protected by its name',
    about: 'Nodes on which every change takes two people.',
    parse: words,
  }),
  OWN_HOST: optional({
    section: 'Tools and clusters',
    type: 'name',
    without: 'Watchkeeper cannot tell when a change would end itself',
    about: 'The node, guest or host that Watchkeeper itself runs on.',
    parse: text,
  }),

  QDRANT_URL: optional({
    section: 'Knowledge',
    type: 'address',
    without: 'the index is kept in the database and searched in this process',
    about: 'Where Qdrant is, such as `http://qdrant:6333`. Fill it with `npm run watchkeeper -- index --rebuild`.',
    parse: webUrl,
  }),
  QDRANT_API_KEY: optional({
    section: 'Knowledge',
    type: 'text',
    without: 'Qdrant is called without a key',
    secret: true,
    about: 'The key for QDRANT_URL; it must be allowed to write.',
    parse: matching(/^[\x21-\x7e]+$/, 'use characters without spaces'),
  }),
  EMBEDDING_MODEL: set({
    section: 'Knowledge',
    type: 'text',
    default: 'nomic-embed-text',
    about:
      'The model that turns pages and alerts into vectors of 768 numbers. After changing it, run `npm run watchkeeper -- index`.',
    parse: matching(/^[\w.:/-]{1,128}$/, 'use the name of a model as `ollama list` shows it'),
  }),
  KNOWLEDGE_DIRS: optional({
    section: 'Knowledge',
    type: 'folders',
    without: 'only runbooks and past decisions are searched',
    about: 'Folders of Markdown and Git checkouts to search too, separated by commas: `./docs, /srv/wiki`.',
    parse: words,
  }),
  KNOWLEDGE_TOKEN: optional({
    section: 'Knowledge',
    type: 'text',
    without: 'the knowledge MCP server is not started, and none elsewhere can ask this agent',
    secret: true,
    about:
      'What the knowledge MCP server must send to read runbooks, documentation and past decisions. One is started here, unless PORT is 0.',
    parse: matching(/^[\x21-\x7e]{16,512}$/, 'use 16 to 512 characters without spaces, such as openssl rand -hex 24'),
  }),
  OLLAMA_HOST: optional({
    section: 'Models',
    type: 'address',
    without: 'there is no local model, and pages are found by their words alone',
    about: 'Where Ollama is, such as `http://127.0.0.1:11434`. What it is told stays at home.',
    parse: ollamaHost,
  }),
  OLLAMA_MODEL: set({
    section: 'Models',
    type: 'text',
    default: 'qwen3:8b',
    about: 'The local model that is asked. It must have been pulled.',
    parse: matching(/^[\w./:-]{1,128}$/, 'set it to the name of a model, such as qwen3:8b'),
  }),
  OLLAMA_CONTEXT: set({
    section: 'Models',
    type: 'number',
    default: '16384',
    about: 'Tokens of context the local model is loaded with. What does not fit is refused, and may escalate.',
    parse: integer(2_048, 1_048_576),
  }),
  OLLAMA_PARALLEL: set({
    section: 'Models',
    type: 'number',
    default: '1',
    about: 'How many calls of the local model this process makes at once.',
    parse: integer(1, 64),
  }),
  OLLAMA_DEADLINE: set({
    section: 'Models',
    type: 'duration',
    default: '90s',
    about: 'How long one call of the local model may take, waiting for others included.',
    parse: duration(1_000, HOUR),
  }),
  ANTHROPIC_API_KEY: optional({
    section: 'Models',
    type: 'text',
    without: 'no model in the cloud is asked',
    secret: true,
    about: 'The key for Claude.',
    parse: matching(/^[\x21-\x7e]{8,512}$/, 'set it to the key as the Anthropic console shows it, without spaces'),
  }),
  ANTHROPIC_BASE_URL: set({
    section: 'Models',
    type: 'address',
    default: 'https://api.anthropic.com',
    about: 'Another server that speaks the Anthropic API.',
    parse: webUrl,
  }),
  CLAUDE_MODEL: set({
    section: 'Models',
    type: 'text',
    default: 'claude-sonnet-5-5',
    about: 'The Claude model that is asked. It needs its line in MODEL_PRICES.',
    parse: matching(/^[\w.@:/-]{1,128}$/, 'set it to the name of a model, such as claude-sonnet-5-5'),
  }),
  CLAUDE_DEADLINE: set({
    section: 'Models',
    type: 'duration',
    default: '60s',
    about: 'How long one call of Claude may take. There is no retry after it.',
    parse: duration(1_000, HOUR),
  }),
  MODEL_MODE: set({
    section: 'Models',
    type: 'local_first, local_only, cloud_first, cloud_only or off',
    default: 'local_first',
    about:
      'Which model is asked first, and whether the other may be asked at all. With `off` none is, and everything else works.',
    parse: oneOf(...MODES),
  }),
  ESCALATE_ON: set({
    section: 'Models',
    type: 'names',
    default: SIGNALS.join(','),
    about:
      'What makes `local_first` ask the cloud. `schema`: an answer that does not fit after one repair; `evidence`: it cites what is not there; `checks`: something required was not looked at; `margin`: the best pages are close; `severity`: a critical incident; `risk`: a dangerous plan; `person`: somebody taps Ask Claude; `unavailable`: the local model does not answer.',
    parse: listOf(...SIGNALS),
  }),
  INVESTIGATE: set({
    section: 'Models',
    type: 'always, unmatched or asked',
    default: 'always',
    about:
      'Which incidents a model looks into by itself: all, those for which no runbook leads to a plan, or none until somebody asks. No card waits for it.',
    parse: oneOf('always', 'unmatched', 'asked'),
  }),
  MODEL_PRICES: set({
    section: 'Models',
    type: 'model=input/output[/cache read/cache write], …',
    default: 'claude-haiku-5-5=1/5, claude-sonnet-5-5=3/15, claude-opus-5-5=5/25',
    about:
      'US dollars for a million tokens, for the budgets. Compare them with the price list of your contract. Without the last two, reading from the cache counts a tenth of the input and writing to it five quarters.',
    parse: priceTable,
  }),
  BUDGET_INCIDENT_USD: set({
    section: 'Models',
    type: 'US dollars',
    default: '0.50',
    about: 'What the models may cost for one incident.',
    parse: money,
  }),
  BUDGET_INCIDENT_TOKENS: set({
    section: 'Models',
    type: 'number',
    default: '400000',
    about: 'Tokens that models may take for one incident, the local one included.',
    parse: integer(0, 1_000_000_000),
  }),
  BUDGET_INCIDENT_CALLS: set({
    section: 'Models',
    type: 'number',
    default: '60',
    about: 'Calls of models for one incident, the local one included.',
    parse: integer(0, 100_000),
  }),
  BUDGET_DAY_USD: set({
    section: 'Models',
    type: 'US dollars',
    default: '3',
    about:
      'What the cloud may cost in a day, of UTC. When it is spent, the local model or none is asked, and cards say so.',
    parse: money,
  }),
  BUDGET_DAY_TOKENS: set({
    section: 'Models',
    type: 'number',
    default: '3000000',
    about: 'Tokens the cloud may take in a day.',
    parse: integer(0, 1_000_000_000_000),
  }),
  BUDGET_MONTH_USD: set({
    section: 'Models',
    type: 'US dollars',
    default: '30',
    about: 'What the cloud may cost in a month.',
    parse: money,
  }),
  BUDGET_MONTH_TOKENS: set({
    section: 'Models',
    type: 'number',
    default: '30000000',
    about: 'Tokens the cloud may take in a month.',
    parse: integer(0, 1_000_000_000_000),
  }),
  BUDGET_CRITICAL_SHARE: set({
    section: 'Models',
    type: 'number from 0 to 1',
    default: '0.3',
    about: 'Share of the day and of the month that only critical incidents may spend.',
    parse: number(0, 1),
  }),
  NEVER_LEAVES: set({
    section: 'Models',
    type: 'label or label=value, …',
    default: 'never_leaves',
    about:
      'Incidents with one of these labels stay at home: no model in the cloud is asked about them, and the chat gets a bare card. A label alone counts with any value but false, no, off and 0.',
    parse: neverLeavesRules,
  }),
  REDACT_WORDS: optional({
    section: 'Models',
    type: 'words',
    without: 'only what looks like an address, a host or a person is replaced',
    about:
      'Words that a model in the cloud must not see, such as host names and family names; they become placeholders.',
    parse: words,
  }),

  REPORTS_DIR: optional({
    section: 'Reports',
    type: 'folder',
    without: 'they are kept in `reports` under DATA_DIR',
    about: 'Where the reports of named investigations are kept, a Markdown file each.',
    parse: text,
  }),
  REPORTS_GIT_REMOTE: optional({
    section: 'Reports',
    type: 'Git remote',
    without: 'reports are kept in their folder alone',
    secret: true,
    about:
      'A Git repository that reports are pushed to, by https, ssh or a path. Its address may hold a token, so it counts as a secret.',
    parse: matching(/^(?!-)[\x21-\x7e]{1,1000}$/, 'set it to an address as git clone takes it, without spaces'),
  }),
  REPORTS_GIT_BRANCH: set({
    section: 'Reports',
    type: 'branch',
    default: 'main',
    about: 'The branch of REPORTS_GIT_REMOTE that reports go to.',
    parse: matching(
      /^(?!-)(?!.*\.\.)[A-Za-z0-9][A-Za-z0-9._/-]{0,99}$/,
      'set it to the name of a branch: letters, digits, dots, dashes, slashes',
    ),
  }),

  RUNBOOKS_DIR: set({
    section: 'Runbooks and limits',
    type: 'folder',
    default: './runbooks',
    about: 'Where the runbooks are.',
    parse: text,
  }),
  POLICY: set({
    section: 'Runbooks and limits',
    type: 'VERBOSE, NORMAL or FROZEN',
    default: 'VERBOSE',
    about:
      'The policy a new installation starts with: ask for everything, honour earned levels, or run nothing. People change it later; then this no longer counts.',
    parse: oneOf('VERBOSE', 'NORMAL', 'FROZEN'),
  }),
  APPROVAL_TTL: set({
    section: 'Runbooks and limits',
    type: 'duration',
    default: '1h',
    about: 'How long a question stays open. After that the answer is no.',
    parse: duration(MINUTE, 7 * DAY),
  }),
  AUTHORIZATION_TTL: set({
    section: 'Runbooks and limits',
    type: 'duration',
    default: '15m',
    about: 'How long after a decision its plan may still start an action.',
    parse: duration(MINUTE, DAY),
  }),
  VERIFY_SCALE: set({
    section: 'Runbooks and limits',
    type: 'number from 0.0001 to 1',
    default: '1',
    about: 'Shortens every wait of a verification, for demonstrations and tests. Leave it at 1 in earnest.',
    parse: number(0.0001, 1),
  }),
}

export type Variables = typeof VARIABLES
export type VariableName = keyof Variables

/** What each variable comes to: undefined is possible where there is no default. */
export type Values = {
  readonly [Name in VariableName]: Variables[Name] extends { default: string; parse(value: string): infer T }
    ? T
    : Variables[Name] extends { parse(value: string): infer T }
      ? T | undefined
      : never
}
