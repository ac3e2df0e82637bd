import { registerHooks } from 'node:module'

/** The control: the labels that keep an incident at home are not read. The product has no switch for that, so the module is replaced. */
const NOTHING_STAYS = `
  export const neverLeaves = () => () => false
  export const namesOf = () => []
`

registerHooks({
  load(url, context, next) {
    if (!url.endsWith('/src/inference/never-leaves.ts')) return next(url, context)
    return { format: 'module', source: NOTHING_STAYS, shortCircuit: true }
  },
})
