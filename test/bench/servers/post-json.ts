import { type Agent, request } from 'node:http'
import { json } from 'node:stream/consumers'

export interface Posted {
  agent: Agent
  headers: Readonly<Record<string, string>>
  body: string
}

/** One POST over a connection that is kept; its answer, read and parsed. */
export function postJson(url: string, { agent, headers, body }: Posted): Promise<unknown> {
  return new Promise((resolve, reject) => {
    request(url, { method: 'POST', headers, agent }, (response) => json(response).then(resolve, reject))
      .on('error', reject)
      .end(body)
  })
}
