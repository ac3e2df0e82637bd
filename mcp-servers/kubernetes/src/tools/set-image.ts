import { Change } from '@watchkeeper/mcp-shared'
import { z } from 'zod'
import { ContainerName, Namespace, Rehearsal, WorkloadName, workloadTarget } from '../arguments.ts'
import { changeObject, probeMark } from '../change-object.ts'
import type { Workload } from '../objects.ts'
import { chooseContainer } from '../resources.ts'
import { replacementWarnings } from '../rollout-warnings.ts'
import { defineTool } from '../tool.ts'
import { workloadRef } from '../workload.ts'

/** As much of the grammar of image references as keeps everything else out. */
const Image = z
  .string()
  .max(255)
  .regex(/^(?!.*(?:\.\.|\/\/))[a-z0-9][\w.:/@-]*\w$/, 'must be an image, such as "ghcr.io/shop/cart:1.4.3"')

export const setImage = defineTool({
  name: 'set_image',
  title: 'Set the image of a workload',
  effect: 'write',
  undoable: true,
  idempotent: true,
  description: 'Sets the image of one container; its pods are replaced one after another. Nothing else changes.',
  input: z.strictObject({
    namespace: Namespace,
    workload: WorkloadName,
    container: ContainerName.optional(),
    image: Image,
    ...Rehearsal,
  }),
  output: Change,
  target: workloadTarget,
  async run({ namespace, workload, container, image, dry_run: dryRun, precondition }, cluster, { signal, effect }) {
    const imageOf = (live: Workload) => chooseContainer(live, container)
    const change = {
      tool: 'set_image',
      ref: workloadRef(namespace, workload),
      undoable: true,
      values: (live: Workload) => ({ [`${imageOf(live).name}.image`]: imageOf(live).image ?? null }),
      patch: (live: Workload) => ({
        spec: { template: { spec: { containers: [{ name: imageOf(live).name, image }] } } },
      }),
      warnings: (live: Workload) => [...replacementWarnings(live), ...imageWarnings(imageOf(live).image ?? '', image)],
      undo: (live: Workload) => ({ namespace, workload, container: imageOf(live).name, image: imageOf(live).image }),
      summary: () => `set the image of ${workload} in ${namespace} to ${image}.`,
    }
    return changeObject(cluster, change, { dryRun, precondition, effect, signal })
  },
  probe: ({ namespace, workload, precondition }, cluster, { effect, signal }) =>
    probeMark(cluster, { ref: workloadRef(namespace, workload), precondition, effect, signal }),
})

/** What is easily overlooked when an image changes: where it comes from, and whether its tag stays what it is. */
function imageWarnings(from: string, to: string): string[] {
  const [was, is] = [repositoryOf(from), repositoryOf(to)]
  const tag = to.slice(is.length)
  return [
    ...(was === is ? [] : [`The image comes from another place: ${was} before, ${is} now.`]),
    ...(tag === '' || tag === ':latest'
      ? ['Its tag can mean another image tomorrow: name a version or a digest.']
      : []),
  ]
}

function repositoryOf(image: string): string {
  return image.replace(/@.*$/, '').replace(/:[^/:]*$/, '')
}
