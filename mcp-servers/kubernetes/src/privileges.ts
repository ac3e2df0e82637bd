import type { AccessRule } from './cluster.ts'

/** Rules of RBAC one privilege a line, sorted and each once: `get pods`, `create pods/eviction`, `patch deployments.apps`. */
export function privilegesOf(rules: readonly AccessRule[]): string[] {
  const all = rules.flatMap(({ verbs = [], apiGroups = [], resources = [], resourceNames = [] }) => {
    const names = resourceNames.length > 0 ? ` (only ${resourceNames.toSorted().join(', ')})` : ''
    return apiGroups.flatMap((group) =>
      resources.flatMap((resource) => verbs.map((verb) => `${verb} ${resource}${group ? `.${group}` : ''}${names}`)),
    )
  })
  return [...new Set(all)].sort()
}
