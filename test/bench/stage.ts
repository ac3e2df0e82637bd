import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { webhookPayload } from '../simulators/alertmanager/payload.ts'
import { postWebhook } from '../simulators/alertmanager/post.ts'
import { type SimulatedCluster, startKubernetes } from '../simulators/kubernetes/cluster.ts'
import { type SimulatedTelegram, startTelegram } from '../simulators/telegram/server.ts'
import { type AgentProcess, startAgent } from './agent-process.ts'

const TOKEN = 'bench-webhook-token-0123456789abcdef'
export const ALICE = { id: 1001, first_name: 'Alice' }

/** One call the agent made to the simulated Telegram, as its oracle has it. */
interface TelegramLine {
  at: number
  call: string
  status?: number
  message_id?: number
  params?: { text?: string; message_id?: number; reply_markup?: unknown }
}

/** Where the card of one workload stands. */
export interface CardSeen {
  messageId: number
  firstAt: number
  text: string
  buttons: string
}

export interface BenchStage {
  cluster: SimulatedCluster
  telegram: SimulatedTelegram
  agent: AgentProcess
  /** Breaks workload number `i` and posts its alert; answers when the webhook was acknowledged. */
  breakAndTell(i: number): Promise<void>
  /** Posts that the alert of workload `i` is over. */
  tellOver(i: number): Promise<void>
  /** Resolves with the card of workload `i` as soon as it satisfies the predicate. */
  card(i: number, holds: (card: CardSeen) => boolean): Promise<CardSeen>
  restart(): Promise<AgentProcess>
  stop(): Promise<void>
}

/** The agent on an embedded Postgres, with a simulated cluster of `workloads` and a simulated Telegram; rates lifted. */
export async function startBenchStage(workloads: number): Promise<BenchStage> {
  const folder = await mkdtemp(join(tmpdir(), 'watchkeeper-bench-'))
  // Postgres never runs as root: where we are root, its own user must be let through to its folder.
  await chmod(folder, 0o711)
  const cards = followCards()
  const cluster = await startKubernetes({ clusterName: 'bench', rolloutMs: 30 })
  for (let i = 0; i < workloads; i++) cluster.addWorkload({ namespace: 'shop', name: nameOf(i) })
  const telegram = await startTelegram({ onRecord: cards.take })
  for (const role of ['reader', 'operator'] as const) await writeFile(join(folder, role), cluster.kubeconfig(role))
  const env = {
    DATA_DIR: join(folder, 'data'),
    PORT: '0',
    KUBECONFIG: join(folder, 'reader'),
    KUBECONFIG_OPERATOR: join(folder, 'operator'),
    CLUSTER_NAME: 'bench',
    WEBHOOK_TOKEN: TOKEN,
    RUNBOOKS_DIR: fileURLToPath(new URL('runbooks', import.meta.url)),
    VERIFY_SCALE: '0.02',
    WORKERS: '8',
    LOG_LEVEL: 'warn',
    PEOPLE: `alice:${ALICE.id}:admin`,
    TELEGRAM_BOT_TOKEN: telegram.token,
    TELEGRAM_CHAT_ID: String(telegram.chatId),
    TELEGRAM_API_ROOT: telegram.url,
    TELEGRAM_RATE_PER_MINUTE: '0',
  }
  let agent = await startAgent(env)
  const post = async (i: number, over: boolean) => {
    const alert = alertOf(cluster, i)
    const payload = webhookPayload([over ? { ...alert, endsAt: new Date().toISOString() } : alert])
    const status = await postWebhook(`${agent.url}/webhooks/alertmanager`, payload, { credentials: { bearer: TOKEN } })
    if (status !== 200) throw new Error(`the webhook for workload ${i} was answered ${status}`)
  }
  const alerts = new Map<number, ReturnType<typeof makeAlert>>()
  function alertOf(from: SimulatedCluster, i: number): ReturnType<typeof makeAlert> {
    const known = alerts.get(i) ?? makeAlert(from, i)
    alerts.set(i, known)
    return known
  }
  return {
    cluster,
    telegram,
    get agent() {
      return agent
    },
    async breakAndTell(i) {
      cluster.breakWorkload(`shop/${nameOf(i)}`, 'crash-loop')
      await post(i, false)
    },
    tellOver: (i) => post(i, true),
    card: (i, holds) => cards.when(nameOf(i), holds),
    async restart() {
      await agent.stop()
      agent = await startAgent(env)
      return agent
    },
    async stop() {
      await agent.stop()
      await telegram.stop()
      await cluster.stop()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

/** Fixed width, so that no name is the beginning of another. */
export function nameOf(i: number): string {
  return `app${String(i).padStart(5, '0')}`
}

function makeAlert(cluster: SimulatedCluster, i: number) {
  const found = cluster.firing().find(({ pod }) => pod?.startsWith(`${nameOf(i)}-`))
  if (!found) throw new Error(`workload ${i} is not broken`)
  const { summary, description, ...labels } = found
  return {
    labels: { ...labels, cluster: 'bench' },
    annotations: { summary, description },
    startsAt: new Date().toISOString(),
  }
}

/** Knows every card by the workload it names, as the simulated Telegram gets it. */
function followCards() {
  const cards = new Map<string, CardSeen>()
  const byMessage = new Map<number, string>()
  const waiting = new Map<string, (card: CardSeen) => void>()
  return {
    take(line: object): void {
      const { at, call, status, message_id, params } = line as TelegramLine
      if (status !== 200 || (call !== 'sendMessage' && call !== 'editMessageText')) return
      const messageId = message_id ?? params?.message_id
      if (messageId === undefined || params?.text === undefined) return
      const name = byMessage.get(messageId) ?? /app\d{5}/.exec(params.text)?.[0]
      if (name === undefined || params.reply_markup === undefined) return
      byMessage.set(messageId, name)
      const firstAt = cards.get(name)?.firstAt ?? at
      const card = { messageId, firstAt, text: params.text, buttons: JSON.stringify(params.reply_markup) }
      cards.set(name, card)
      waiting.get(name)?.(card)
    },
    when(name: string, holds: (card: CardSeen) => boolean): Promise<CardSeen> {
      return new Promise((resolve, reject) => {
        const late = setTimeout(
          () => reject(new Error(`the card of ${name} did not get there: ${cards.get(name)?.text ?? 'no card'}`)),
          60_000,
        )
        const look = (card: CardSeen) => {
          if (!holds(card)) return
          clearTimeout(late)
          waiting.delete(name)
          resolve(card)
        }
        waiting.set(name, look)
        const known = cards.get(name)
        if (known) look(known)
      })
    },
  }
}
