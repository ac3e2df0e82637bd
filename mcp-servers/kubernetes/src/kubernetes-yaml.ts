import { loadYaml } from '@kubernetes/client-node'

/** One YAML document as plain values. Throws where it is none, and where there are several. */
export function readYaml(text: string): unknown {
  return loadYaml<unknown>(text)
}
