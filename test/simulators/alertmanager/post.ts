import type { Credentials, Delivery, WebhookPayload } from './types.ts'

export interface PostOptions {
  credentials?: Credentials | undefined
  /** default 10 s, after which a hanging receiver is cut */
  timeoutMs?: number
}

/** Posts one payload as Alertmanager does and says how that went. Never throws for what the receiver does. */
export async function postWebhook(
  url: string,
  payload: WebhookPayload | string,
  { credentials, timeoutMs = 10_000 }: PostOptions = {},
): Promise<Delivery['status']> {
  try {
    const response = await fetch(url, {
      method: 'POST',
      redirect: 'manual',
      headers: {
        'content-type': 'application/json',
        'user-agent': 'Alertmanager/0.25.0',
        ...(credentials ? { authorization: authorization(credentials) } : {}),
      },
      body: typeof payload === 'string' ? payload : JSON.stringify(payload),
      signal: AbortSignal.timeout(timeoutMs),
    })
    await response.arrayBuffer()
    return response.status
  } catch (error) {
    return error instanceof Error && error.name === 'TimeoutError' ? 'timeout' : 'refused'
  }
}

function authorization(credentials: Credentials): string {
  if ('bearer' in credentials) return `Bearer ${credentials.bearer}`
  return `Basic ${Buffer.from(`${credentials.username}:${credentials.password}`).toString('base64')}`
}
