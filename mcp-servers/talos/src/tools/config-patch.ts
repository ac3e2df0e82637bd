import { Change, DryRun, IfStill, UpstreamError, valuesDigest } from '@watchkeeper/mcp-shared'
import { z } from 'zod'
import { NodeName } from '../arguments.ts'
import { changeNode } from '../change-node.ts'
import { configUndo } from '../config-undo.ts'
import { stateIfThere } from '../follow.ts'
import { configDiff, Patch, type PatchedConfig, patchConfig } from '../machine-config.ts'
import { nodeToChange } from '../nodes.ts'
import { defineTool } from '../tool.ts'
import { until } from '../until.ts'

const TRY_SECONDS = 60
/** How long a node may take to be ready with the new configuration, before Talos is left to take it back (ms). */
const SOUND_WITHIN = 20_000

export const configPatch = defineTool({
  name: 'config_patch',
  title: 'Change the machine configuration',
  effect: 'destructive',
  undoable: true,
  idempotent: true,
  description:
    'Merges a patch into the configuration of one node. The node tries it first, and it is kept only if the node stays ready; otherwise Talos takes it back by itself after a minute. Only what needs no reboot. Secrets, identity, disks and etcd are refused.',
  input: z.strictObject({
    node: NodeName,
    patch: Patch,
    keep: z.boolean().default(true).describe('false: only try it; Talos takes it back after a minute.'),
    dry_run: DryRun,
    precondition: IfStill,
  }),
  output: Change,
  target: ({ node }) => ['node', node, 'config'],
  run({ node, patch, keep, dry_run: dryRun, precondition }, cluster, context) {
    const { signal, progress } = context
    let patched: PatchedConfig = { yaml: '', before: {}, after: {}, inverse: '' }
    let version = 0
    let uid = ''
    const apply = (address: string, mode: 'try' | 'no_reboot', rehearse: boolean) =>
      cluster.applyConfig(address, patched.yaml, { mode, dryRun: rehearse, trySeconds: TRY_SECONDS }, signal)
    return changeNode(
      cluster,
      {
        node,
        needs: 'os:admin',
        async values({ address }, state) {
          uid = state.uid
          const config = await cluster.machineConfig(address, signal)
          version = config.version
          patched = patchConfig(config.yaml, patch)
          return patched.before
        },
        generation: () => version,
        async preflight({ node: member }) {
          if (configDiff(patched.before, patched.after).length === 0)
            return ['These values are set already: nothing changes.']
          const said = await apply(member.address, 'no_reboot', true)
          return [...said.warnings, ...(keep ? [] : ['It is only tried: Talos takes it back after a minute.'])]
        },
        expected: () => patched.after,
        async act({ node: member }) {
          if (configDiff(patched.before, patched.after).length === 0) return { values: patched.before }
          await apply(member.address, 'try', false)
          progress(1, 3, 'tried')
          const sound = await until(
            async () => ((await stateIfThere(cluster, member, signal))?.ready ? true : undefined),
            { signal, forMs: SOUND_WITHIN },
          )
          if (!sound)
            throw new UpstreamError(
              'timeout',
              `${node} was not ready with the new configuration, so that it was not kept: Talos takes it back within a minute.`,
            )
          progress(2, 3, 'the node is ready with it')
          if (!keep) return { values: patched.after }
          const { warnings } = await apply(member.address, 'no_reboot', false)
          return { values: patched.after, warnings }
        },
        diff: (before, after) => configDiff(before, after),
        summary: `${keep ? 'change' : 'try a change of'} the configuration of ${node}.`,
        undoable: true,
        undo: () => configUndo({ node, uid, patched }),
      },
      { dryRun, precondition, context },
    )
  },
  async probe({ node, patch, keep, precondition }, cluster, { signal }) {
    const member = await nodeToChange(cluster, node, signal)
    const { yaml } = await cluster.machineConfig(member.address, signal)
    const { before, after } = patchConfig(yaml, patch)
    if (configDiff(before, after).length === 0)
      return { state: 'done', because: `the configuration of ${node} has these values` }
    if (!keep) return { state: 'unknown', because: 'a change that is only tried leaves nothing behind' }
    return precondition && valuesDigest({ ...before }) !== precondition.values
      ? { state: 'unknown', because: `the configuration of ${node} has other values than before and than wanted` }
      : { state: 'not_done', because: `the configuration of ${node} does not have these values` }
  },
})
