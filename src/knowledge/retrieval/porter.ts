/**
 * The stem of a lower-case English word: M. F. Porter, "An algorithm for suffix stripping", Program 14 (1980), with the
 * two departures its author recommends since (`bli` and `logi`). Words of one or two letters, and words with
 * digits, are left as they are.
 */
export function stem(word: string): string {
  if (word.length < 3 || !/^[a-z]+$/.test(word)) return word
  let stemmed = plurals(word)
  stemmed = pastAndProgressive(stemmed)
  if (/y$/.test(stemmed) && hasVowel(stemmed.slice(0, -1))) stemmed = `${stemmed.slice(0, -1)}i`
  stemmed = replaceSuffix(stemmed, STEP_2, 0)
  stemmed = replaceSuffix(stemmed, STEP_3, 0)
  stemmed = dropSuffix(stemmed)
  return tidyEnd(stemmed)
}

const STEP_2: readonly (readonly [string, string])[] = [
  ['ational', 'ate'],
  ['tional', 'tion'],
  ['enci', 'ence'],
  ['anci', 'ance'],
  ['izer', 'ize'],
  ['bli', 'ble'],
  ['alli', 'al'],
  ['entli', 'ent'],
  ['eli', 'e'],
  ['ousli', 'ous'],
  ['ization', 'ize'],
  ['ation', 'ate'],
  ['ator', 'ate'],
  ['alism', 'al'],
  ['iveness', 'ive'],
  ['fulness', 'ful'],
  ['ousness', 'ous'],
  ['aliti', 'al'],
  ['iviti', 'ive'],
  ['biliti', 'ble'],
  ['logi', 'log'],
]

const STEP_3: readonly (readonly [string, string])[] = [
  ['icate', 'ic'],
  ['ative', ''],
  ['alize', 'al'],
  ['iciti', 'ic'],
  ['ical', 'ic'],
  ['ful', ''],
  ['ness', ''],
]

const STEP_4 = [
  'ement',
  'ance',
  'ence',
  'able',
  'ible',
  'ment',
  'ant',
  'ent',
  'ion',
  'ism',
  'ate',
  'iti',
  'ous',
  'ive',
  'ize',
  'al',
  'er',
  'ic',
  'ou',
]

function plurals(word: string): string {
  if (word.endsWith('sses') || word.endsWith('ies')) return word.slice(0, -2)
  return word.endsWith('s') && !word.endsWith('ss') ? word.slice(0, -1) : word
}

function pastAndProgressive(word: string): string {
  if (word.endsWith('eed')) return measure(word.slice(0, -3)) > 0 ? word.slice(0, -1) : word
  const base = word.endsWith('ed') ? word.slice(0, -2) : word.endsWith('ing') ? word.slice(0, -3) : undefined
  if (base === undefined || !hasVowel(base)) return word
  if (/(at|bl|iz)$/.test(base)) return `${base}e`
  if (endsInDouble(base) && !/[lsz]$/.test(base)) return base.slice(0, -1)
  return measure(base) === 1 && endsInCvc(base) ? `${base}e` : base
}

function replaceSuffix(word: string, table: readonly (readonly [string, string])[], above: number): string {
  const found = longest(
    table.map(([suffix]) => suffix),
    word,
  )
  if (found === undefined) return word
  const base = word.slice(0, -found.length)
  if (measure(base) <= above) return word
  return base + (table.find(([suffix]) => suffix === found)?.[1] ?? '')
}

function dropSuffix(word: string): string {
  const found = longest(STEP_4, word)
  if (found === undefined) return word
  const base = word.slice(0, -found.length)
  if (measure(base) <= 1 || (found === 'ion' && !/[st]$/.test(base))) return word
  return base
}

function tidyEnd(word: string): string {
  let tidied = word
  if (tidied.endsWith('e')) {
    const base = tidied.slice(0, -1)
    const m = measure(base)
    if (m > 1 || (m === 1 && !endsInCvc(base))) tidied = base
  }
  return tidied.endsWith('ll') && measure(tidied) > 1 ? tidied.slice(0, -1) : tidied
}

function longest(suffixes: readonly string[], word: string): string | undefined {
  let found: string | undefined
  for (const suffix of suffixes) {
    if (suffix.length > (found?.length ?? 0) && word.endsWith(suffix)) found = suffix
  }
  return found
}

function isConsonant(word: string, at: number): boolean {
  const letter = word[at] ?? ''
  if ('aeiou'.includes(letter)) return false
  return letter !== 'y' || at === 0 || !isConsonant(word, at - 1)
}

/** How many times a run of vowels is followed by a run of consonants. */
function measure(word: string): number {
  let count = 0
  for (let at = 1; at < word.length; at++) {
    if (isConsonant(word, at) && !isConsonant(word, at - 1)) count += 1
  }
  return count
}

function hasVowel(word: string): boolean {
  for (let at = 0; at < word.length; at++) if (!isConsonant(word, at)) return true
  return false
}

function endsInDouble(word: string): boolean {
  return word.length > 1 && word.at(-1) === word.at(-2) && isConsonant(word, word.length - 1)
}

function endsInCvc(word: string): boolean {
  const end = word.length - 1
  if (end < 2 || /[wxy]$/.test(word)) return false
  return isConsonant(word, end) && !isConsonant(word, end - 1) && isConsonant(word, end - 2)
}
