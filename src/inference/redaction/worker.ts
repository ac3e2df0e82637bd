import { parentPort } from 'node:worker_threads'
import { findSecrets } from './find-secrets.ts'
import { cutOut } from './finding.ts'
import { secretlintRules } from './secretlint-rules.ts'

/** Cuts secrets out of texts, off the main thread: a text that takes long holds up nothing else, and can be given up on. */
const rules = secretlintRules()

parentPort?.on('message', async ({ id, texts }: { id: number; texts: string[] }) => {
  try {
    const results = []
    for (const text of texts) results.push(cutOut(text, await findSecrets(text, rules)))
    parentPort?.postMessage({ id, results })
  } catch {
    // Without the cause: it may quote the text.
    parentPort?.postMessage({ id, failed: true })
  }
})
