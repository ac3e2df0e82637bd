import { startBalancer } from '../balancer.ts'
import type { Case } from '../cases.ts'
import { type Context, type FaultReport, inLane, type Tally } from '../fault.ts'
import type { Lane } from '../lane.ts'
import { tail } from '../tail.ts'
import { until } from '../wait.ts'

const RACES = 1_000
const WAVE = 25
/** Two replicas take presses by webhook, whichever the balancer picks; Telegram knows one address. */
const ENV = {
  TELEGRAM_MODE: 'webhook',
  TELEGRAM_WEBHOOK_SECRET: 'chaos-telegram-secret-01',
  PUBLIC_URL: 'https://watchkeeper.example',
  ALERTMANAGER_POLL_SECONDS: '600',
  WORKERS: '8',
  LOG_LEVEL: 'warn',
}

/** F14: Approve by one person and Reject by another at once, a thousand times: the first commit wins, both are told the same. */
export async function f14(context: Context, tally: Tally): Promise<FaultReport> {
  const races = context.quick ? 2 * WAVE : RACES
  const counts: Counts = { races: 0, approved: 0, rejected: 0, unanswered: 0 }
  const result = await inLane(
    context,
    'f14',
    async (lane) => {
      const balancer = await startBalancer([0, 1].map((replica) => lane.world.webhook(replica).url))
      const settings = { publicUrl: balancer.url }
      try {
        await Promise.all([lane.agent(settings), lane.world.start(settings, { replica: 1 })])
        const cards = cardReader(lane)
        while (counts.races < races) {
          await wave(lane, cards, counts)
          if (counts.races % 200 === 0) context.log(`F14: ${counts.races} of ${races} races`)
        }
        await lane.settle(60_000)
      } finally {
        await balancer.stop()
      }
    },
    { env: ENV },
  )
  const problems = tally.add(result).problems
  if (counts.unanswered > counts.races / 100) problems.push(`${counts.unanswered} presses were never answered`)
  if (counts.approved === 0 || counts.rejected === 0) problems.push('one side won every race, so there was none')
  return { runs: counts.races, problems, facts: counts }
}

async function wave(lane: Lane, cards: CardReader, counts: Counts): Promise<void> {
  const opened: Case[] = []
  for (let at = 0; at < WAVE; at++) opened.push(await lane.open('ChaosRace'))
  const asked = await Promise.all(opened.map((one) => cards.asking(one)))
  const verdicts = await Promise.all(asked.map((card, at) => race(lane, card, at % 2 === 0, counts)))
  for (const verdict of verdicts) {
    counts.races += 1
    counts[verdict] += 1
  }
  for (const [at, one] of opened.entries())
    lane.endings.push({ workload: one.workload, says: verdicts[at] === 'approved' ? /Fixed:/ : /Rejected:/ })
  await until(
    'the runs of this wave to end',
    async () => {
      const [row] = await lane.world.database.sql`
        select count(*) as left from incidents where outcome is null or status <> 'watching'`
      return row?.left === 0
    },
    { timeoutMs: 60_000 },
  )
}

interface Counts extends Record<string, number> {
  races: number
  approved: number
  rejected: number
  /** Presses whose answer never reached Telegram. */
  unanswered: number
}

interface Asking {
  message: number
  workload: string
  approve: string
  reject: string
}

/** One race; who begins takes turns. */
async function race(lane: Lane, card: Asking, approveFirst: boolean, counts: Counts): Promise<'approved' | 'rejected'> {
  const { world, hands } = lane
  const press = async (by: 'alice' | 'bob', label: 'Approve' | 'Reject', data: string) => {
    hands.pressings.push({ at: Date.now(), by, label, message: card.message, workload: card.workload })
    const { answer } = await world.telegram.press({ message_id: card.message, data, from: world.people[by] })
    return (await answer)?.text ?? ''
  }
  const approving = () => press('alice', 'Approve', card.approve)
  const rejecting = () => press('bob', 'Reject', card.reject)
  const first = approveFirst ? approving() : rejecting()
  const second = approveFirst ? rejecting() : approving()
  const [one, other] = await Promise.all([first, second])
  const [alice, bob] = approveFirst ? [one, other] : [other, one]
  const verdict = await verdictOn(lane, card.workload)
  const fits = verdict === 'approved' ? [/^Approved, running/, /^alice approved/] : [/^bob rejected/, /^Rejected/]
  // Whoever had to wait is only told that it was received, or has no answer, and sees the rest on the card.
  const told = [alice, bob].every((answer, at) => fits[at]?.test(answer) || /^Received|^$/.test(answer))
  counts.unanswered += [alice, bob].filter((answer) => answer === '').length
  if (told) return verdict
  throw new Error(`${card.workload} was ${verdict}; Approve was told "${alice}", Reject was told "${bob}"`)
}

async function verdictOn({ world }: Lane, workload: string): Promise<'approved' | 'rejected'> {
  const name = workload.slice(workload.indexOf('/') + 1)
  return await until(`a verdict on ${workload}`, async () => {
    const [row] = await world.database.sql<{ status: string }[]>`
      select a.status from approvals a join incidents i on i.id = a.incident_id where i.workload = ${name}`
    return row?.status === 'approved' || row?.status === 'rejected' ? row.status : undefined
  })
}

interface CardReader {
  /** Waits for the card that asks about this workload. */
  asking(one: Case): Promise<Asking>
}

interface TelegramLine {
  call: string
  status: number
  message_id?: number
  params: {
    text?: string
    message_id?: number
    reply_markup?: { inline_keyboard: { text: string; callback_data: string }[][] }
  }
}

/** Follows the messages as Telegram gets them: asking for all of them each time would take longer than the races. */
function cardReader({ world }: Lane): CardReader {
  const lines = tail<TelegramLine>(world.oracles.telegram)
  const known = new Map<string, Asking>()
  function look(): void {
    for (const { call, status, message_id, params } of lines.read()) {
      if (status !== 200 || !/^(sendmessage|editmessagetext)$/i.test(call)) continue
      const workload = /\bchaos\/[\w-]+/.exec(params.text ?? '')?.[0]
      const buttons = params.reply_markup?.inline_keyboard.flat() ?? []
      const approve = buttons.find(({ text }) => text.includes('Approve'))?.callback_data
      const reject = buttons.find(({ text }) => text.includes('Reject'))?.callback_data
      if (!workload || !approve || !reject) continue
      known.set(workload, { message: Number(message_id ?? params.message_id), workload, approve, reject })
    }
  }
  return {
    asking: ({ workload }) =>
      until(
        `a card that asks about ${workload}`,
        () => {
          look()
          return known.get(workload)
        },
        { timeoutMs: 60_000, everyMs: 100 },
      ),
  }
}
