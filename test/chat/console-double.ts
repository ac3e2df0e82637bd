import type { Hono } from 'hono'
import type { Policy } from '../../src/autonomy/policy-setting.ts'
import { consoleApp } from '../../src/chat/console/console.ts'
import type {
  AskedOnPage,
  ConsoleDeps,
  IncidentSummary,
  LedgerLine,
  Session,
  Sessions,
} from '../../src/chat/console/ports.ts'
import type { Role } from '../../src/domain/person.ts'
import type { ApprovalDesk, Press, PressAnswer } from '../../src/domain/press.ts'
import type { IncidentView } from '../../src/domain/view.ts'
import { asking } from './views.ts'

export const host = '127.0.0.1:7390'

/** Sessions by word of mouth: the login token of `anna` is `login-anna`, good once. */
export function sessionsOf(role: Role): Sessions & { fire(): void } {
  const unused = new Set(['login-anna'])
  const live = new Map<string, Session>()
  let listed = true
  return {
    createLogin: () => Promise.reject(new Error('not scripted')),
    redeem: async (token) => {
      if (!unused.delete(token)) return undefined
      live.set('cookie-anna', { person: { name: 'anna', telegramId: 1001, role }, csrf: 'csrf-anna' })
      return 'cookie-anna'
    },
    session: async (cookie) => (listed ? live.get(cookie) : undefined),
    end: async (cookie) => void live.delete(cookie),
    fire: () => {
      listed = false
    },
  }
}

export function summaryOf({ incident, runbookTitle, firing, total }: IncidentView): IncidentSummary {
  return { ...incident, runbookTitle, inDoubt: false, firing, total }
}

export interface TestConsole {
  app: Hono
  presses: Press[]
  /** Who asked what about which incident. */
  questions: string[]
  /** Who froze or thawed, in order. */
  policyChanges: string[]
  asked: { incident: number; verbs: string[] }[]
  sessions: ReturnType<typeof sessionsOf>
  change(incident: number): void
  listeners(): number
  /** A request with the right host, and with anna's cookie once `login` was called. */
  get(path: string, headers?: Record<string, string>): Promise<Response>
  post(path: string, form: Record<string, string>, headers?: Record<string, string>): Promise<Response>
  login(): Promise<Response>
}

export function testConsole({
  view = asking(),
  role = 'operator' as Role,
  answer = { text: 'Approved, running.', alert: false } as PressAnswer,
  ledger = [] as LedgerLine[],
  toldBefore = [] as AskedOnPage[],
  /** Takes the presses in place of one that gives the same answer to all. */
  desk = undefined as ApprovalDesk | undefined,
  options = {},
} = {}): TestConsole {
  const sessions = sessionsOf(role)
  const presses: Press[] = []
  const questions: string[] = []
  const asked: TestConsole['asked'] = []
  const listeners = new Set<(incident: number) => void>()
  let cookie = ''
  let policy: Policy = 'VERBOSE'
  const changes: string[] = []
  const deps: ConsoleDeps = {
    policy: {
      now: async () => policy,
      async freeze({ name }) {
        changes.push(`${name} froze`)
        policy = 'FROZEN'
      },
      async thaw({ name }) {
        changes.push(`${name} thawed`)
        policy = 'VERBOSE'
      },
    },
    incidents: {
      list: async () => [summaryOf(view)],
      view: async (id) => (id === view.incident.id ? view : undefined),
    },
    buttons: {
      tokens: async (incident, specs) => {
        asked.push({ incident, verbs: specs.map(({ verb }) => verb) })
        return specs.map((spec) => ({ ...spec, token: `token-${spec.verb}` }))
      },
    },
    desk: {
      press: async (press) => {
        presses.push(press)
        return desk ? await desk.press(press) : answer
      },
    },
    questions: {
      async ask({ name }, incident, text) {
        questions.push(`${name} #${incident}: ${text}`)
        return text === '' ? 'Ask in your own words.' : undefined
      },
      of: async () => [...toldBefore],
    },
    sessions,
    ledger: { newest: async () => ledger },
    changes: {
      subscribe: (listener) => {
        listeners.add(listener)
        return () => listeners.delete(listener)
      },
    },
    options: { host: '127.0.0.1', port: 7390, timezone: 'UTC', ...options },
  }
  const app = consoleApp(deps)
  const send = async (path: string, init: RequestInit, headers: Record<string, string>) =>
    app.request(path, { ...init, headers: { host, ...(cookie ? { cookie } : {}), ...headers } })
  return {
    app,
    presses,
    questions,
    policyChanges: changes,
    asked,
    sessions,
    change: (incident) => listeners.forEach((listener) => void listener(incident)),
    listeners: () => listeners.size,
    get: (path, headers = {}) => send(path, {}, headers),
    post: (path, form, headers = {}) =>
      send(path, { method: 'POST', body: new URLSearchParams(form) }, { origin: `http://${host}`, ...headers }),
    login: async () => {
      const response = await send('/login?token=login-anna', {}, {})
      cookie = (response.headers.get('set-cookie') ?? '').split(';')[0] ?? ''
      return response
    },
  }
}
