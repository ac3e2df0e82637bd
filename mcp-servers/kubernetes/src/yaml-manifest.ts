import { parse } from 'yaml'

/**
 * One YAML document as plain values. Version 1.1 is what kubectl reads: `on` is true, and 0644 is octal. Throws where it is
 * no YAML, where there are several documents, and where aliases would unfold into a forest.
 */
export function readYaml(text: string): unknown {
  return parse(text, { version: '1.1', logLevel: 'error' })
}
