/** Runs `work` once: when asked, or when the process is interrupted before that. */
export function cleanUpOnExit(work: () => Promise<void>): () => Promise<void> {
  let running: Promise<void> | undefined
  const once = () => {
    running ??= work()
    return running
  }
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.once(signal, () => {
      process.stderr.write('\nStopping …\n')
      once().finally(() => process.exit(130))
    })
  return once
}
