import { expect, test } from 'vitest'
import { gitopsOwner } from '../src/gitops.ts'

test.each([
  [
    'a tracking id',
    { annotations: { 'argocd.argoproj.io/tracking-id': 'shop:apps/Deployment:shop/cart' } },
    { owner: 'shop', by: 'Argo CD' },
  ],
  ["Argo CD's own label", { labels: { 'argocd.argoproj.io/instance': 'shop' } }, { owner: 'shop', by: 'Argo CD' }],
  [
    'the shared label beside another mark',
    { labels: { 'app.kubernetes.io/instance': 'shop' }, annotations: { 'argocd.argoproj.io/sync-wave': '1' } },
    { owner: 'shop', by: 'Argo CD' },
  ],
  [
    'Flux kustomize',
    { labels: { 'kustomize.toolkit.fluxcd.io/name': 'apps', 'kustomize.toolkit.fluxcd.io/namespace': 'flux-system' } },
    { owner: 'flux-system/apps', by: 'Flux' },
  ],
  ['Flux helm', { labels: { 'helm.toolkit.fluxcd.io/name': 'cart' } }, { owner: 'cart', by: 'Flux' }],
  ['Helm alone', { labels: { 'app.kubernetes.io/instance': 'shop', 'app.kubernetes.io/managed-by': 'Helm' } }, null],
  ['nothing', undefined, null],
])('%s', (_by, meta, owner) => {
  expect(gitopsOwner(meta)).toEqual(owner)
})
