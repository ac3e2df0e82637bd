/** Control, format (bidi, zero-width, tags), private and unassigned characters, and those that are drawn as nothing. */
const unseen = /\p{C}|\p{Zl}|\p{Zp}|\p{Variation_Selector}|\u034F|\u115F|\u1160|\u17B4|\u17B5|\u2800|\u3164|\uFFA0/gu
const pictures = /[\p{Extended_Pictographic}\u{1F1E6}-\u{1F1FF}\u20E3]/gu
const piledMarks = /(\p{M}{2})\p{M}+/gu
const spaces = /[\s\u0085]+/gu
const notPlain = /[^\x20-\x7e]/gu
const simpleName = /^[\w.:/@+-]+$/

/**
 * Prose from outside, on one line: spaces and line ends become one space, pictures are dropped (signs are ours), piled
 * marks thinned, and what cannot be seen is spelled out as `\u{202E}`. Letters of any language stay.
 */
export function prose(text: string, longest: number): string {
  const flat = text
    .slice(0, longest * 8)
    .toWellFormed()
    .replace(spaces, ' ')
    .replace(pictures, '')
  const seen = flat.replace(piledMarks, '$1').replace(unseen, escaped)
  return cut(seen.replace(/ {2,}/g, ' ').trim(), longest)
}

/** A name, to the letter: everything but plain ASCII is spelled out, and what is no simple word is quoted. */
export function name(text: string): string {
  const plain = text.replace(notPlain, escaped)
  if (plain === '') return '(no name)'
  return simpleName.test(plain) || plain !== text ? plain : JSON.stringify(plain)
}

/** The code points of a text that are not plain ASCII: `['U+202E', 'U+0430']`, each once. */
export function unusual(text: string): string[] {
  return [...new Set([...text.matchAll(notPlain)].map(([char]) => `U+${hex(char).padStart(4, '0')}`))]
}

/** Cut to a number of UTF-16 units, never within a character; the last one says so with `…`. */
export function cut(text: string, longest: number): string {
  if (text.length <= longest) return text
  if (longest < 1) return ''
  return `${text
    .slice(0, longest - 1)
    .toWellFormed()
    .replace(/\uFFFD$/, '')
    .trimEnd()}…`
}

/** Spells out what is not plain ASCII. */
export function ascii(text: string): string {
  return text.replace(notPlain, escaped)
}

function escaped(char: string): string {
  return `\\u{${hex(char)}}`
}

function hex(char: string): string {
  return (char.codePointAt(0) ?? 0).toString(16).toUpperCase()
}
