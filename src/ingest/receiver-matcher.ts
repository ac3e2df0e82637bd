/** Whether a receiver is one of those that a pattern means, by its whole name as Alertmanager does; all of them without one. */
export function receiverMatcher(receiver: string | undefined): (name: string) => boolean {
  if (!receiver) return () => true
  const pattern = new RegExp(`^(?:${receiver})$`)
  return (name) => pattern.test(name)
}
