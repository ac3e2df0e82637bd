import { parseDocument } from 'yaml'

export type YamlText = { readonly data: unknown } | { readonly problem: string }

const MAX_TEXT = 1024 * 1024

/**
 * Reads one document of YAML 1.2, which JSON is too, without anchors, aliases and tags. The problem is a sentence with the line
 * at which it stands. Never throws.
 */
export function readYamlText(text: string): YamlText {
  if (text.length > MAX_TEXT) return { problem: 'It is larger than 1 MiB. Shorten it.' }
  try {
    const document = parseDocument(text.replace(/^\uFEFF/, ''), { prettyErrors: false, stringKeys: true })
    const [fault] = document.errors
    if (fault) {
      const line = text.slice(0, fault.pos[0]).split('\n').length
      return { problem: `Line ${line} is not YAML: ${fault.message.split('\n', 1)[0]}.` }
    }
    return { data: document.toJS({ maxAliasCount: 0 }) }
  } catch (error) {
    return {
      problem: `It is not YAML: ${error instanceof Error ? error.message.split('\n', 1)[0] : 'it cannot be read'}.`,
    }
  }
}
