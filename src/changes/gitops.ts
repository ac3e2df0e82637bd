import { z } from 'zod'
import type { Change } from '../domain/change.ts'
import type { GitOps } from './workloads.ts'

/** A read of the object that delivers a workload: arguments of `kubernetes.get`, and what its answer says. */
export interface Delivery {
  args: { kind: string; namespace: string; name: string; fields: string[] }
  read(answer: unknown): Change[]
}

/**
 * Where a delivery leaves its history. Argo CD tells an Application in another namespace than its own as `namespace_name`;
 * of Flux it is not known which of its two kinds it is, so both are asked for.
 *
 * Sources: `status.history` and `status.operationState` of Argo CD's Application; `status.history` of Flux's HelmRelease v2 and
 * Kustomization v1.
 */
export function deliveriesOf({ by, owner }: GitOps): Delivery[] {
  if (by === 'Argo CD') {
    const cut = owner.indexOf('_')
    const [namespace, name] = cut === -1 ? ['argocd', owner] : [owner.slice(0, cut), owner.slice(cut + 1)]
    const fields = ['status.history', 'status.operationState']
    return [
      { args: { kind: 'applications.argoproj.io', namespace, name, fields }, read: (answer) => ofArgo(name, answer) },
    ]
  }
  const [namespace = '', name = ''] = owner.split('/')
  if (by !== 'Flux' || name === '') return []
  const fields = ['status.history', 'status.lastAppliedRevision']
  return ['kustomizations.kustomize.toolkit.fluxcd.io', 'helmreleases.helm.toolkit.fluxcd.io'].map((kind) => ({
    args: { kind, namespace, name, fields },
    read: (answer) => ofFlux(name, answer),
  }))
}

const Maybe = z.string().nullish()
const Argo = z.object({
  object: z.object({
    'status.history': z
      .array(
        z.object({
          id: z.number().nullish(),
          revision: Maybe,
          revisions: z.array(z.string()).nullish(),
          deployedAt: Maybe,
        }),
      )
      .nullish(),
    'status.operationState': z.object({ phase: Maybe, message: Maybe, finishedAt: Maybe, startedAt: Maybe }).nullish(),
  }),
})

function ofArgo(name: string, answer: unknown): Change[] {
  const status = Argo.safeParse(answer).data?.object
  const deployed = (status?.['status.history'] ?? []).flatMap(({ revision, revisions, deployedAt }) =>
    deployedAt
      ? [{ at: deployedAt, what: `Argo CD deployed ${name} ${shortRevision(revision ?? revisions?.[0])}`.trim() }]
      : [],
  )
  const { phase, message, finishedAt, startedAt } = status?.['status.operationState'] ?? {}
  const at = finishedAt ?? startedAt
  if (!at || phase === 'Succeeded' || !phase) return deployed
  const what = phase === 'Running' ? `Argo CD is syncing ${name}` : `Argo CD could not sync ${name}`
  return [...deployed, { at, what, ...(message && { note: message }) }]
}

const Flux = z.object({
  object: z.object({
    'status.history': z
      .array(
        z.object({
          // A HelmRelease tells its releases, a Kustomization what it reconciled.
          chartName: Maybe,
          chartVersion: Maybe,
          lastDeployed: Maybe,
          status: Maybe,
          firstReconciled: Maybe,
          lastReconciledStatus: Maybe,
          metadata: z.record(z.string(), z.string()).nullish(),
        }),
      )
      .nullish(),
  }),
})

function ofFlux(name: string, answer: unknown): Change[] {
  return (Flux.safeParse(answer).data?.object['status.history'] ?? []).flatMap((entry): Change[] => {
    if (entry.lastDeployed) {
      const what = `Flux released ${name} ${entry.chartName ?? ''} ${entry.chartVersion ?? ''}`
      return [
        {
          at: entry.lastDeployed,
          what: what.trim().replaceAll(/ +/g, ' '),
          ...(entry.status && { note: entry.status }),
        },
      ]
    }
    if (!entry.firstReconciled) return []
    const what = `Flux applied ${name} ${shortRevision(entry.metadata?.revision)}`.trim()
    return [
      { at: entry.firstReconciled, what, ...(entry.lastReconciledStatus && { note: entry.lastReconciledStatus }) },
    ]
  })
}

/** A commit by its first seven characters, with its branch where it has one; a version as it stands. */
function shortRevision(revision: string | null | undefined): string {
  return (revision ?? '').replace(/([0-9a-f]{7})[0-9a-f]{20,}/, '$1').replace('sha1:', '')
}
