import type { Meta } from './objects.ts'

/** Domains whose labels and annotations decide who may do what, who owns an object, or what a controller believes. */
const DOMAINS = [
  'pod-security.kubernetes.io',
  'argoproj.io',
  'fluxcd.io',
  'rbac.authorization.k8s.io',
  'rbac.authorization.kubernetes.io',
  'node-role.kubernetes.io',
  'node-restriction.kubernetes.io',
  'deployment.kubernetes.io',
  'kubectl.kubernetes.io',
  'kubernetes.io',
  'watchkeeper',
]
/** Argo CD may track what it owns by this label. */
const KEYS = ['app.kubernetes.io/instance']
/** Of these only the domain itself is meant: `app.kubernetes.io/name` is anybody's. */
const EXACT = new Set(['kubernetes.io', 'watchkeeper'])

/** Why a label or annotation key may not be written, or undefined when it may. */
export function protectedKey(key: string): string | undefined {
  const [domain = ''] = key.includes('/') ? key.split('/') : []
  const owner = DOMAINS.find((one) => domain === one || (!EXACT.has(one) && domain.endsWith(`.${one}`)))
  if (owner) return `"${key}" belongs to ${owner}`
  return KEYS.includes(key) ? `"${key}" says who owns the object` : undefined
}

/** The first protected key that a manifest sets to something else than the live object has. */
export function protectedIn(meta: Meta | undefined, live: Meta | undefined): string | undefined {
  for (const part of ['labels', 'annotations'] as const)
    for (const [key, value] of Object.entries(meta?.[part] ?? {})) {
      const because = value === live?.[part]?.[key] ? undefined : protectedKey(key)
      if (because) return because
    }
  return undefined
}
