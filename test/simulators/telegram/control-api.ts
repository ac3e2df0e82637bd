import type { IncomingMessage, ServerResponse } from 'node:http'
import { answerJson, type Listening, listen, readJson } from './http.ts'
import type { SimulatedTelegram } from './server.ts'
import type { Fault, Limits, MessageFilter, Press, Pressed, Say } from './types.ts'

type Route = (body: unknown, query: URLSearchParams) => unknown

/**
 * Puts the controls of a simulated Telegram behind plain HTTP, for a simulator that runs as a process of its own. Each
 * method of `SimulatedTelegram` is one route; wrong input is a 400 with `{ error }`.
 */
export function serveControl(telegram: SimulatedTelegram, port?: number): Promise<Listening> {
  const presses = new Map<number, Pressed>()
  const routes: Record<string, Route> = {
    'POST /press': async (body) => {
      const pressed = await telegram.press(body as Press)
      presses.set(pressed.update_id, pressed)
      return { update_id: pressed.update_id, callback_query_id: pressed.callback_query_id }
    },
    'GET /answer': async (_, query) => {
      const pressed = presses.get(Number(query.get('update_id')))
      if (!pressed) throw new Error('No press has this update_id.')
      return { answer: (await pressed.answer) ?? null }
    },
    'POST /redeliver': (body) => {
      const { update_id, times } = body as { update_id: number; times?: number }
      return telegram.redeliver(update_id, times)
    },
    'POST /say': (body) => telegram.say(body as Say),
    'POST /fail': (body) => telegram.fail(body as Fault),
    'POST /mend': () => telegram.mend(),
    'POST /limits': (body) => telegram.limit(body as Limits),
    'POST /delete-topic': (body) => telegram.deleteTopic((body as { thread: number }).thread),
    'POST /delete-message': (body) => telegram.deleteMessage((body as { message_id: number }).message_id),
    'POST /kick': (body) => telegram.kick((body as { out?: boolean }).out),
    'POST /allow-topics': (body) => telegram.allowTopics((body as { allowed: boolean }).allowed),
    'GET /messages': (_, query) => telegram.messages(filterOf(query)),
    'GET /keyboards': () => telegram.liveKeyboards(),
    'GET /topics': () => telegram.topics(),
    'GET /answers': () => telegram.answers(),
    'GET /updates': () => telegram.updates(),
    'GET /early-calls': () => telegram.earlyCalls(),
    'GET /state': () => ({ messages: telegram.messages(), topics: telegram.topics(), answers: telegram.answers() }),
    'GET /phone': (_, query) => telegram.messages(filterOf(query)).map(telegram.renderPhone).join('\n\n---\n\n'),
  }

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://localhost')
    const route = routes[`${request.method} ${pathname}`]
    if (!route) return answerJson(response, 404, { error: `Use one of: ${Object.keys(routes).join(', ')}.` })
    try {
      answerJson(response, 200, (await route(await readJson(request), searchParams)) ?? {})
    } catch (error) {
      answerJson(response, 400, { error: error instanceof Error ? error.message : String(error) })
    }
  }
  return listen(handle, port)
}

function filterOf(query: URLSearchParams): MessageFilter {
  const number = (name: string) => (query.has(name) ? { [name]: Number(query.get(name)) } : {})
  const flag = (name: string) => (query.has(name) ? { [name]: query.get(name) === 'true' } : {})
  return { ...number('thread'), ...number('chat'), ...flag('people'), ...flag('deleted') }
}
