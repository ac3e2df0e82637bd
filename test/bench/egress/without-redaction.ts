import { registerHooks } from 'node:module'

/** What the redactor becomes in the control: everything passes. The product has no switch for that, so the module is replaced. */
const NOTHING_REDACTED = `
  export const redactor = () => ({
    forCloud: async (request) => ({ request, restore: (answer) => answer, counts: {} }),
    forChat: async (texts) => [...texts],
  })
`

registerHooks({
  load(url, context, next) {
    if (!url.endsWith('/src/inference/redaction/redactor.ts')) return next(url, context)
    return { format: 'module', source: NOTHING_REDACTED, shortCircuit: true }
  },
})
