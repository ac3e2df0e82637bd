import type { Labels, Matcher } from './types.ts'

/** Reads `name="value"`, with `=`, `!=`, `=~` or `!~`. Throws a sentence for anything else. */
export function parseMatcher(text: string): Matcher {
  const match = /^\s*([a-zA-Z_:][\w:]*)\s*(=~|!~|!=|=)\s*(?:"((?:[^"\\]|\\.)*)"|([^"\s]*))\s*$/.exec(text)
  if (!match) throw new Error(`bad matcher format: ${text}`)
  const [, name = '', operator = '=', quoted, bare = ''] = match
  const value = quoted === undefined ? bare : quoted.replace(/\\(n|.)/g, (_, char) => (char === 'n' ? '\n' : char))
  const isRegex = operator.endsWith('~')
  if (isRegex) new RegExp(value)
  return { name, value, isRegex, isEqual: !operator.startsWith('!') }
}

/** Matchers as text or as the API's objects. */
export function toMatchers(given: (string | (Omit<Matcher, 'isEqual' | 'isRegex'> & Partial<Matcher>))[]): Matcher[] {
  return given.map((matcher) =>
    typeof matcher === 'string' ? parseMatcher(matcher) : { isRegex: false, isEqual: true, ...matcher },
  )
}

/** Whether all matchers hold; a missing label counts as empty and regular expressions match the whole value. */
export function matches(labels: Labels, matchers: Matcher[]): boolean {
  return matchers.every(({ name, value, isRegex, isEqual }) => {
    const actual = labels[name] ?? ''
    const same = isRegex ? new RegExp(`^(?:${value})$`).test(actual) : actual === value
    return same === isEqual
  })
}
