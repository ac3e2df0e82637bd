import { setTimeout as pause } from 'node:timers/promises'
import { renderPhone } from './phone.ts'
import type { SimulatedTelegram, WaitOptions } from './server.ts'
import type { CallbackAnswer, MessageFilter, Pressed, TelegramState } from './types.ts'

/** The controls of a simulated Telegram in another process: the same methods, all of them answering with promises. */
export type TelegramControl = {
  [Name in Exclude<keyof SimulatedTelegram, 'url' | 'token' | 'chatId' | 'stop' | 'renderPhone' | 'waitFor'>]: (
    ...args: Parameters<SimulatedTelegram[Name]>
  ) => Promise<Awaited<ReturnType<SimulatedTelegram[Name]>>>
} & Pick<SimulatedTelegram, 'waitFor' | 'renderPhone'>

/** The controls behind `url`, the `control` of the simulator's ready line. A refused call rejects with its reason. */
export function controlOf(url: string): TelegramControl {
  async function call<T>(method: 'GET' | 'POST', path: string, body?: unknown): Promise<T> {
    const init = body === undefined ? { method } : { method, body: JSON.stringify(body) }
    const response = await fetch(url + path, init)
    const answer: unknown = await response.json()
    if (!response.ok) throw new Error((answer as { error: string }).error)
    return answer as T
  }
  const get = <T>(path: string) => call<T>('GET', path)
  const post = <T>(path: string, body: unknown = {}) => call<T>('POST', path, body)

  return {
    async press(press) {
      const pressed = await post<Omit<Pressed, 'answer'>>('/press', press)
      const answer = get<{ answer: CallbackAnswer | null }>(`/answer?update_id=${pressed.update_id}`)
      const settled = answer.then((given) => given.answer ?? undefined)
      // A caller that does not wait for the answer must not be brought down by a simulator that stops meanwhile.
      settled.catch(() => undefined)
      return { ...pressed, answer: settled }
    },
    say: (say) => post('/say', say),
    redeliver: (update_id, times) => post('/redeliver', { update_id, times }),
    fail: (fault) => post('/fail', fault),
    mend: () => post('/mend'),
    limit: (limits) => post('/limits', limits),
    messages: (filter) => get(`/messages${queryOf(filter)}`),
    liveKeyboards: () => get('/keyboards'),
    topics: () => get('/topics'),
    answers: () => get('/answers'),
    updates: () => get('/updates'),
    earlyCalls: () => get('/early-calls'),
    deleteTopic: (thread) => post('/delete-topic', { thread }),
    deleteMessage: (message_id) => post('/delete-message', { message_id }),
    kick: (out) => post('/kick', { out }),
    allowTopics: (allowed) => post('/allow-topics', { allowed }),
    waitFor: (predicate, options) => waitFor(() => get<TelegramState>('/state'), predicate, options),
    renderPhone,
  }
}

function queryOf(filter: MessageFilter = {}): string {
  const entries = Object.entries(filter).map(([name, value]): [string, string] => [name, String(value)])
  return entries.length === 0 ? '' : `?${new URLSearchParams(entries)}`
}

async function waitFor<T>(
  look: () => Promise<TelegramState>,
  predicate: (state: TelegramState) => T,
  { timeoutMs = 5_000, for: wanted = 'what was waited for' }: WaitOptions = {},
): Promise<NonNullable<T>> {
  const end = Date.now() + timeoutMs
  for (;;) {
    const value = predicate(await look())
    if (value) return value
    if (Date.now() > end) throw new Error(`Telegram did not see ${wanted} within ${timeoutMs} ms.`)
    await pause(20)
  }
}
