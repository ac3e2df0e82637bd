import type { Meta } from './objects.ts'

export type Ownership = { owner: string; by: 'Argo CD' | 'Flux' }

/**
 * Who writes this object from a repository, or null. A change to it will be taken back at the next reconciliation.
 *
 * Sources: Argo CD resource tracking (annotation `argocd.argoproj.io/tracking-id`, or the instance label, which Helm uses
 * too and which therefore counts only beside another mark of Argo CD); Flux's kustomize and helm controllers' labels.
 */
export function gitopsOwner(meta: Meta | undefined): Ownership | null {
  const { labels = {}, annotations = {} } = meta ?? {}
  const tracking = annotations['argocd.argoproj.io/tracking-id']?.split(':')[0]
  if (tracking) return { owner: tracking, by: 'Argo CD' }
  const instance = labels['argocd.argoproj.io/instance']
  if (instance) return { owner: instance, by: 'Argo CD' }
  const marked = [...Object.keys(labels), ...Object.keys(annotations)].some((key) =>
    key.startsWith('argocd.argoproj.io/'),
  )
  const shared = labels['app.kubernetes.io/instance']
  if (marked && shared) return { owner: shared, by: 'Argo CD' }
  for (const controller of ['kustomize', 'helm']) {
    const name = labels[`${controller}.toolkit.fluxcd.io/name`]
    const namespace = labels[`${controller}.toolkit.fluxcd.io/namespace`]
    if (name) return { owner: namespace ? `${namespace}/${name}` : name, by: 'Flux' }
  }
  return null
}
