import { UpstreamError } from '../domain/errors.ts'
import { receiverNames } from './alertmanager-api.ts'
import { receiverMatcher } from './receiver-matcher.ts'

export interface AlertmanagerCheck {
  ok: boolean
  /** What is wrong and what to change, in sentences; empty where all is well. */
  detail: string
}

const TIMEOUT_MS = 3_000

/** Asks Alertmanager for its receivers, once: for `doctor` and the table at start. Never throws. */
export async function checkAlertmanager(options: {
  url: string
  token: string | undefined
  receiver: string | undefined
}): Promise<AlertmanagerCheck> {
  const { url, token, receiver } = options
  const authorization = token === undefined ? undefined : `Bearer ${token}`
  try {
    const names = await receiverNames({ url, authorization, timeoutMs: TIMEOUT_MS })
    return names.some(receiverMatcher(receiver))
      ? { ok: true, detail: '' }
      : { ok: false, detail: 'No receiver of Alertmanager is called what ALERTMANAGER_RECEIVER says. Correct it.' }
  } catch (error) {
    if (!(error instanceof UpstreamError)) throw error
    const credentials = error.status === 401 || error.status === 403
    const remedy = credentials ? 'Set ALERTMANAGER_TOKEN to one that it takes.' : 'Check ALERTMANAGER_URL.'
    return { ok: false, detail: `${error.message} ${remedy}` }
  }
}
