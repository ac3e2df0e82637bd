/**
 * The pattern of the deny list that covers a target, or undefined. Both run from kind to id, and a pattern covers
 * everything below it: `deployment`, `deployment/kube-system`, `deployment/shop/cart`, with a `*` for any one part.
 */
export function deniedBy(patterns: readonly string[], target: readonly string[]): string | undefined {
  const parts = target.map((part) => part.toLowerCase())
  return patterns.find((pattern) => pattern.split('/').every((part, at) => part === '*' || part === parts[at]))
}
