import { Change, DryRun, IfStill } from '@watchkeeper/mcp-shared'
import { z } from 'zod'
import { NodeName } from '../arguments.ts'
import { changeNode } from '../change-node.ts'
import type { ConfigAnswer } from '../cluster.ts'
import { configDiff, Patch, type PatchedConfig, patchConfig } from '../machine-config.ts'
import { defineTool } from '../tool.ts'

export const configDryRun = defineTool({
  name: 'config_dry_run',
  title: 'Rehearse a change of the machine configuration',
  effect: 'write',
  undoable: true,
  idempotent: true,
  description:
    'Has the node itself check a patched configuration and say whether it would reboot for it; nothing is changed. With dry_run the patch is only merged here, and the node is not asked.',
  input: z.strictObject({ node: NodeName, patch: Patch, dry_run: DryRun, precondition: IfStill }),
  output: Change.extend({
    node_says: z.object({ mode: z.string(), details: z.string(), warnings: z.array(z.string()) }).nullable(),
  }),
  untrusted: true,
  target: ({ node }) => ['node', node, 'config'],
  async run({ node, patch, dry_run: dryRun, precondition }, cluster, context) {
    const { signal, effect } = context
    let patched: PatchedConfig = { yaml: '', before: {}, after: {}, inverse: '' }
    let version = 0
    let said: ConfigAnswer | null = null
    const change = await changeNode(
      cluster,
      {
        node,
        needs: 'os:admin',
        async values({ address }) {
          const config = await cluster.machineConfig(address, signal)
          version = config.version
          patched = patchConfig(config.yaml, patch)
          return patched.before
        },
        generation: () => version,
        preflight: async () => ['A rehearsal: the configuration stays as it is.'],
        expected: () => patched.after,
        async act({ node: member }) {
          said = await cluster.applyConfig(
            member.address,
            patched.yaml,
            { mode: 'auto', dryRun: true, trySeconds: 0 },
            signal,
          )
          if (effect) cluster.rehearsed(effect)
          return { values: patched.after }
        },
        diff: (before, after) => configDiff(before, after),
        summary: `rehearse a change of the configuration of ${node}.`,
        undoable: true,
      },
      { dryRun, precondition, context },
    )
    const answer = said as ConfigAnswer | null
    return {
      ...change,
      node_says: answer && { ...answer, warnings: [...answer.warnings], details: maskDetails(answer) },
    }
  },
  async probe({ node }, cluster, { signal, effect }) {
    return (await cluster.wasRehearsed(effect, signal))
      ? { state: 'done', because: `the rehearsal on ${node} was made; it changed nothing` }
      : { state: 'not_done', because: `this server made no such rehearsal on ${node}; it would have changed nothing` }
  },
})

/** The details hold a diff of the whole configuration: only the lines that say what would happen are kept. */
function maskDetails({ details }: ConfigAnswer): string {
  const lines = details.split('\n').filter((line) => line.trim() !== '' && !/^[\s+@-]|^(?:Config )?diff/i.test(line))
  return lines.slice(0, 5).join('\n')
}
