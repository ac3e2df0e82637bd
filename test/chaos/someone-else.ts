import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Agent, request } from 'undici'
import { parse } from 'yaml'
import type { World } from './world.ts'

interface Kubeconfig {
  clusters: { cluster: { server: string; 'certificate-authority-data': string } }[]
  users: { user: { token: string } }[]
}

/** Somebody with kubectl changes a workload behind the agent's back. */
export async function setMemory({ folder }: World, name: string, memory: string): Promise<void> {
  const { clusters, users } = parse(readFileSync(join(folder, 'operator.kubeconfig'), 'utf8')) as Kubeconfig
  const { server, 'certificate-authority-data': ca } = clusters[0]?.cluster ?? {
    server: '',
    'certificate-authority-data': '',
  }
  const dispatcher = new Agent({ connect: { ca: Buffer.from(ca, 'base64').toString() } })
  const resources = { limits: { memory } }
  const { statusCode, body } = await request(`${server}/apis/apps/v1/namespaces/chaos/deployments/${name}`, {
    method: 'PATCH',
    dispatcher,
    headers: {
      authorization: `Bearer ${users[0]?.user.token}`,
      'content-type': 'application/strategic-merge-patch+json',
    },
    body: JSON.stringify({ spec: { template: { spec: { containers: [{ name, resources }] } } } }),
  })
  const said = await body.text()
  await dispatcher.close()
  if (statusCode !== 200) throw new Error(`the cluster answered ${statusCode}: ${said.slice(0, 200)}`)
}
