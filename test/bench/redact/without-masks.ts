import { registerHooks } from 'node:module'

/** What the servers' masks become in the control: everything passes. The product has no switch for that, so the module is replaced. */
const NOTHING_MASKED = `
  export const MASKED = '[masked]'
  export const looksSecretName = () => false
  export const credentialFile = () => undefined
  export const maskText = (text) => text
  export const maskLines = (lines) => lines
  export const maskInOrder = () => (text) => text
  export const maskDeep = (value) => value
`

registerHooks({
  load(url, context, next) {
    if (!url.endsWith('/mcp-servers/shared/src/mask.ts')) return next(url, context)
    return { format: 'module', source: NOTHING_MASKED, shortCircuit: true }
  },
})
