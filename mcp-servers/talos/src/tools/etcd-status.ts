import { count } from '@watchkeeper/mcp-shared'
import { z } from 'zod'
import { readEtcd } from '../etcd-view.ts'
import { controlPlane } from '../nodes.ts'
import { defineTool } from '../tool.ts'

export const etcdStatus = defineTool({
  name: 'etcd_status',
  title: 'Look at etcd',
  effect: 'read',
  description:
    'Members of etcd with health, leader, size of the database and how much of it is in use, alarms, and how many members may be missing before the quorum is lost.',
  untrusted: true,
  input: z.strictObject({}),
  output: z.object({
    summary: z.string(),
    items: z.array(
      z.object({
        member: z.string(),
        id: z.string(),
        healthy: z.boolean(),
        because: z.string().nullable(),
        leader: z.boolean(),
        learner: z.boolean(),
        bytes: z.number().nullable(),
        bytes_in_use: z.number().nullable(),
        raft_term: z.number().nullable(),
        raft_index: z.number().nullable(),
      }),
    ),
    alarms: z.array(z.object({ member: z.string(), alarm: z.string() })),
    healthy: z.number(),
    quorum: z.number(),
    may_lose: z.number(),
    truncated: z.boolean(),
    total: z.number(),
  }),
  async run(_input, cluster, { signal }) {
    const { members, alarms, voters, healthy, quorum } = await readEtcd(
      cluster,
      await controlPlane(cluster, signal),
      signal,
    )
    const mayLose = Math.max(0, healthy - quorum)
    const alarmed = alarms.length > 0 ? `, ${count(alarms.length, 'alarm')}` : ''
    return {
      summary:
        healthy < quorum
          ? `etcd has lost its quorum: ${healthy} of ${voters} members are healthy, ${quorum} are needed${alarmed}.`
          : `${healthy} of ${count(voters, 'member')} healthy; ${mayLose} more may be missing${alarmed}.`,
      items: members.slice(0, 50).map(({ id, name, learner, leader, healthy: well, because, status }) => ({
        member: name,
        id,
        healthy: well,
        because: because || null,
        leader,
        learner,
        bytes: status?.bytes ?? null,
        bytes_in_use: status?.bytesInUse ?? null,
        raft_term: status?.raftTerm ?? null,
        raft_index: status?.raftIndex ?? null,
      })),
      alarms: alarms.slice(0, 50),
      healthy,
      quorum,
      may_lose: mayLose,
      truncated: members.length > 50,
      total: members.length,
    }
  },
})
