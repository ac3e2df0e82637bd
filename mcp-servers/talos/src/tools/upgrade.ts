import { CallerError, Change, DryRun, IfStill } from '@watchkeeper/mcp-shared'
import { parseAllDocuments } from 'yaml'
import { z } from 'zod'
import { NodeName, Version } from '../arguments.ts'
import { changeNode } from '../change-node.ts'
import { stateIfThere, untilBack } from '../follow.ts'
import { nodeToChange } from '../nodes.ts'
import { mayInterrupt } from '../preflight.ts'
import { imageOf, parseVersion, stepRefused } from '../talos-version.ts'
import { defineTool } from '../tool.ts'

export const upgrade = defineTool({
  name: 'upgrade',
  title: 'Upgrade Talos on a node',
  effect: 'destructive',
  undoable: true,
  idempotent: true,
  description:
    'Installs another version of Talos on one node and boots into it; at most one minor release further, with the installer image of its configuration. The same checks as for reboot. Start it early: a real upgrade takes minutes.',
  input: z.strictObject({ node: NodeName, version: Version, dry_run: DryRun, precondition: IfStill }),
  output: Change,
  target: ({ node }) => ['node', node],
  run({ node, version: wanted, dry_run: dryRun, precondition }, cluster, context) {
    const { signal, progress } = context
    const version = parseVersion(wanted)
    let image = ''
    return changeNode(
      cluster,
      {
        node,
        needs: 'os:admin',
        values: async ({ address }) => ({ version: (await cluster.version(address, signal)).tag }),
        async preflight({ node: member, values }) {
          const running = parseVersion(String(values.version))
          if (!running || !version)
            return refuse(`${node} runs ${values.version}, which is no version this server can compare`)
          const because = stepRefused(running, version)
          if (because) return refuse(because)
          const kept = await mayInterrupt(cluster, member, signal)
          const { yaml } = await cluster.machineConfig(member.address, signal)
          const found = imageOf(installerOf(yaml), version)
          if (!found) return refuse(`the configuration of ${node} names no installer image (machine.install.image)`)
          image = found
          return [`${node} installs ${image}.`, ...kept]
        },
        expected: () => ({ version: version?.text ?? wanted }),
        async act({ node: member, state, values }) {
          let seen = 0
          const tell = (text: string) => {
            seen += 1
            progress(seen, undefined, text)
          }
          const actor = await cluster.upgrade(member.address, image, String(values.version), tell, signal)
          await untilBack(cluster, state, { order: 'upgrade', node: member, actor, signal, progress })
          const { tag } = await cluster.version(member.address, signal)
          const said = `${node} came back with ${tag}: Talos went back to it because the new one did not boot.`
          return { values: { version: tag }, warnings: tag === version?.text ? [] : [said] }
        },
        summary: `upgrade Talos on ${node} to ${version?.text ?? wanted}.`,
        undoable: true,
        undo: () => ({ tool: 'rollback', arguments: { node } }),
      },
      { dryRun, precondition, context },
    )
  },
  async probe({ node, version: wanted }, cluster, { signal }) {
    const member = await nodeToChange(cluster, node, signal)
    const state = await stateIfThere(cluster, member, signal)
    if (!state) return { state: 'unknown', because: `${node} does not answer now; ask again when it does` }
    const { tag } = await cluster.version(member.address, signal)
    if (tag === parseVersion(wanted)?.text) return { state: 'done', because: `${node} runs ${tag}` }
    return state.stage === 'running'
      ? { state: 'not_done', because: `${node} runs ${tag}` }
      : { state: 'unknown', because: `${node} runs ${tag} and is ${state.stage}` }
  },
})

function installerOf(yaml: string): string {
  for (const document of [parseAllDocuments(yaml)].flat()) {
    const image: unknown = 'getIn' in document ? document.getIn(['machine', 'install', 'image']) : undefined
    if (typeof image === 'string') return image
  }
  return ''
}

function refuse(because: string): never {
  throw new CallerError('refused', `Nothing was changed: ${because}.`)
}
