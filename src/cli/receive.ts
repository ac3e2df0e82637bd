import { readFile } from 'node:fs/promises'
import { OperatorError } from '../domain/errors.ts'
import type { Credentials } from '../ingest/credentials.ts'

/** The token goes before a user and password, where both are known. */
export type ReceiveOptions = Credentials & {
  /** Where the agent listens, such as `http://127.0.0.1:8080`. */
  url: string
  fetch?: typeof fetch
}

type Answer = { accepted?: number; incidents?: number[]; error?: string }

/**
 * Posts the payload in a file to a running agent, as Alertmanager would, and says in a sentence what became of it.
 * Throws OperatorError when the file or the address cannot be used, nobody listens, or the agent refuses it.
 */
export async function receive(file: string, options: ReceiveOptions): Promise<string> {
  const body = await readPayload(file)
  const response = await post(body, options)
  const answer = await readAnswer(response, options.url)
  if (response.ok) return tell(answer)
  throw new OperatorError(explain(response.status, answer, options))
}

async function readPayload(file: string): Promise<string> {
  const text = await readFile(file, 'utf8').catch((cause) => {
    throw new OperatorError(`The file ${file} cannot be read. Name a file with an Alertmanager webhook in it.`, {
      cause,
    })
  })
  try {
    JSON.parse(text)
  } catch (cause) {
    throw new OperatorError(`The file ${file} is not JSON. It should hold the body of an Alertmanager webhook.`, {
      cause,
    })
  }
  return text
}

async function post(body: string, { url, token, basic, fetch: send = fetch }: ReceiveOptions): Promise<Response> {
  const to = webhookOf(url)
  const authorization = token || !basic ? `Bearer ${token}` : `Basic ${encoded(basic)}`
  try {
    return await send(to, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization },
      body,
      redirect: 'manual',
      signal: AbortSignal.timeout(10_000),
    })
  } catch (cause) {
    throw new OperatorError(`No Watchkeeper answers at ${url}. Start one with npm start, or say where it listens.`, {
      cause,
    })
  }
}

/** `localhost:8484` can be read as an address too, of a protocol called localhost. */
function webhookOf(url: string): URL {
  const given = URL.canParse(url) ? new URL(url) : undefined
  if (given && /^https?:$/.test(given.protocol)) return new URL('/webhooks/alertmanager', given)
  throw new OperatorError(`${url} is no web address. Write all of it, such as http://127.0.0.1:8484.`)
}

function encoded({ username, password }: { username: string; password: string }): string {
  return Buffer.from(`${username}:${password}`).toString('base64')
}

async function readAnswer(response: Response, url: string): Promise<Answer> {
  try {
    return (await response.json()) as Answer
  } catch (cause) {
    throw new OperatorError(
      `What answers at ${url} is not Watchkeeper (status ${response.status}). Check the address.`,
      {
        cause,
      },
    )
  }
}

function tell({ accepted = 0, incidents = [] }: Answer): string {
  const alerts = accepted === 1 ? '1 alert was' : `${accepted} alerts were`
  if (incidents.length === 0) return `${alerts} taken; no incident came of it.`
  const named = incidents.map((id) => `#${id}`).join(', ')
  return `${alerts} taken: ${incidents.length === 1 ? 'incident' : 'incidents'} ${named}.`
}

function explain(status: number, { error = '' }: Answer, { url, token }: ReceiveOptions): string {
  if (status === 401)
    return token
      ? `The Watchkeeper at ${url} refused the token. Set WEBHOOK_TOKEN to the one it was started with. It said: ${error}`
      : `The Watchkeeper at ${url} refused the user and password. Set WEBHOOK_USERNAME and WEBHOOK_PASSWORD to those it was started with. It said: ${error}`
  if (status === 404) return `What answers at ${url} takes no Alertmanager webhooks. Check the address.`
  return `The Watchkeeper at ${url} did not take it (${status}). It said: ${error}`
}
