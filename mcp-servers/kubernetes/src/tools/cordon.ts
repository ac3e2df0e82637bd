import { Change } from '@watchkeeper/mcp-shared'
import { z } from 'zod'
import { Name, Rehearsal } from '../arguments.ts'
import { probeMark } from '../change-object.ts'
import { nodeRef, setSchedulable } from '../cordon.ts'
import { defineTool } from '../tool.ts'

export const cordon = defineTool({
  name: 'cordon',
  title: 'Close a node to new pods',
  effect: 'write',
  undoable: true,
  idempotent: true,
  description: 'Marks a node unschedulable. The pods on it stay; drain moves them away.',
  input: z.strictObject({ name: Name, ...Rehearsal }),
  output: Change,
  target: ({ name }) => ['node', name],
  run: ({ name, dry_run: dryRun, precondition }, cluster, { signal, effect }) =>
    setSchedulable(cluster, { node: name, schedulable: false }, { dryRun, precondition, effect, signal }),
  probe: ({ name, precondition }, cluster, { effect, signal }) =>
    probeMark(cluster, { ref: nodeRef(name), precondition, effect, signal }),
})
