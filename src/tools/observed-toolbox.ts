import type { Observe } from '../domain/observe.ts'
import type { Toolbox } from './toolbox.ts'

/** The same toolbox, with every call seen as `tool:server.name`. */
export function observedToolbox(toolbox: Toolbox, observe: Observe): Toolbox {
  return { ...toolbox, call: (tool, args, options) => observe(`tool:${tool}`, () => toolbox.call(tool, args, options)) }
}
