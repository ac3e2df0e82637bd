import { DryRun, IfStill } from '@watchkeeper/mcp-shared'
import { z } from 'zod'

/** Arguments that several tools take. Patterns are strict: names go into paths and into what people read on a card. */

const NAME = /^[a-z0-9][a-z0-9.:-]{0,252}$/

export const Namespace = z.string().regex(/^[a-z0-9][a-z0-9-]{0,62}$/, 'must be a DNS label, such as "shop"')

export const Name = z.string().regex(NAME, 'must be the name of an object, such as "cart-7d9f"')

export const KindName = z
  .string()
  .regex(
    /^[A-Za-z][A-Za-z0-9]{0,62}(\.[a-z0-9][a-z0-9.-]{0,189})?$/,
    'must be a kind, such as "Pod" or "certificates.cert-manager.io"',
  )
  .describe('Pod, deployments, certificates.cert-manager.io …')

export const WorkloadName = z
  .string()
  .regex(
    /^(deployment|statefulset|daemonset)\/[a-z0-9][a-z0-9.-]{0,252}$/,
    'must be TYPE/NAME with deployment, statefulset or daemonset, such as "deployment/cart"',
  )
  .describe('TYPE/NAME: deployment/cart.')

export const ScalableName = z
  .string()
  .regex(
    /^(deployment|statefulset)\/[a-z0-9][a-z0-9.-]{0,252}$/,
    'must be TYPE/NAME with deployment or statefulset, such as "deployment/cart"',
  )
  .describe('TYPE/NAME: deployment/cart.')

export const ContainerName = z
  .string()
  .regex(/^[a-z0-9][a-z0-9-]{0,62}$/, 'must be the name of a container, such as "app"')
  .describe('Needed where there are several.')

/** `pod/cart-7d9f`, `node/worker-1`: the object an event is about. */
export const TypeAndName = z
  .string()
  .regex(
    /^[a-z][a-z0-9]{0,62}\/[a-z0-9][a-z0-9.:-]{0,252}$/,
    'must be TYPE/NAME in lower case, such as "pod/cart-7d9f"',
  )

export const LabelSelector = z
  .string()
  .max(500)
  .regex(/^[A-Za-z0-9(!][A-Za-z0-9_./,=!() -]*$/, 'must be a label selector, such as "app=cart,tier!=cache"')
  .describe('app=cart,tier!=cache')

export const FieldSelector = z
  .string()
  .max(500)
  .regex(/^[A-Za-z][A-Za-z0-9_./,=!:-]*$/, 'must be a field selector, such as "status.phase=Pending"')
  .describe('status.phase=Pending')

export const Continue = z
  .string()
  .max(4096)
  .regex(/^[A-Za-z0-9+/_=.:-]+$/)
  .describe('The `next` of the page before.')

/** What every changing tool takes beside its own arguments. */
export const Rehearsal = { dry_run: DryRun, precondition: IfStill }

/** `worker-1` or `deployment/cart` in the words of the deny list: from the kind to the name. */
export function workloadTarget({ namespace, workload }: { namespace: string; workload: string }): string[] {
  const [type = '', name = ''] = workload.split('/')
  return [type, namespace, name]
}
