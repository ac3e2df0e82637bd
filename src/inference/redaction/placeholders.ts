import { createHmac } from 'node:crypto'
import { isHostName } from './host-names.ts'

/** What stands for what, in one request; `words` counts by kind. */
export interface Book {
  put(text: string): string
  restore(text: string): string
  counts(): Readonly<Record<string, number>>
}

export interface BookOptions {
  /** Makes placeholders the same everywhere in this installation, and nowhere else. */
  key: Uint8Array
  /** What people have listed, and names that are known from labels. */
  words: readonly string[]
}

const EMAIL = /[A-Za-z0-9_.+-]{1,64}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){1,8}/g
const MAC = /(?<![\w:-])[0-9A-Fa-f]{2}(?:[:-][0-9A-Fa-f]{2}){5}(?![\w:-])/g
const IPV6 =
  /(?<![\w:.])(?:[0-9a-fA-F]{1,4}:){2,7}(?::?[0-9a-fA-F]{1,4}|:)|(?<![\w:.])(?:[0-9a-fA-F]{1,4}:){1,6}(?::[0-9a-fA-F]{1,4}){1,6}|(?<![\w:.])::(?:[0-9a-fA-F]{1,4}:){0,6}[0-9a-fA-F]{1,4}(?![\w:])/g
const IPV4 = /(?<![\w.])(?:\d{1,3}\.){3}\d{1,3}(?![\w]|\.\d)/g
const IPV4_IN_NAME = /(?<=\b(?:ip|host|node)-)\d{1,3}(?:-\d{1,3}){3}(?!\d)/g
const DOTTED = /(?<![\w.@-])[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,62})(?:\.[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,62})){1,9}(?![\w-])/g
const PHONE =
  /(?<![\w.:-])(?:\+|00)[1-9]\d{0,3}[ ./-]?(?:\(0?\d{1,5}\)[ ./-]?)?\d{1,5}(?:[ ./-]?\d{2,5}){1,5}(?![\w:])/g
const IBAN = /\b[A-Z]{2}\d{2}(?:[ ]?[A-Z0-9]{4}){3,7}(?:[ ]?[A-Z0-9]{1,3})?\b/g
const CARD = /(?<![\w.-])(?:\d[ -]?){12,18}\d(?![\w.-])/g
const UUID = /\b[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}\b/gi
const LONG = /(?<![A-Za-z0-9])[A-Za-z0-9+/_=-]{20,}(?![A-Za-z0-9])/g
/** Where a text itself says that something is a machine or a person. */
const TOLD_HOST =
  /\b(?:host|hostname|host_name|node|node_name|nodename|instance|server|machine|kubernetes_node|exported_instance)["']?(?:=|:)\s{0,2}["']?([A-Za-z][A-Za-z0-9_-]{2,62})(?![\w.]*\()/gi
const SYSLOG_HOST = /(?:^|\n)[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d ([A-Za-z][A-Za-z0-9_-]{1,62}) [\w./-]+(?:\[\d+\])?:/g
const TOLD_PERSON =
  /(?:\b(?:user|username|user_name|login|owner|author|account|ruser)["']?(?:=|:\s{0,2})|\b(?:by|for|from|of|invalid) user )["']?([a-z][a-z0-9._-]{2,31})(?=["'\s,;]|$)/g
const FOLDER_OF = /\/(?:home|Users)\/([A-Za-z][A-Za-z0-9._-]{1,31})(?=[/\s"']|$)/g

const PLACEHOLDER = /\b(?:addr|mac|mail|host|name|phone|number|id|token|word)_[0-9a-f]{10}\b/gi
/** What everybody has: it tells nothing of this place. */
const COMMON_ADDRESS = /^(?:127\.|0\.0\.0\.0$|255\.255\.255\.|::1?$)/
const ORDINARY = new Set(
  'the this that user users root admin administrator system daemon nobody none null true false default localhost unknown node nodes host hosts server servers container pod pods service watchkeeper kubernetes all any not with was has had deployment replicaset statefulset daemonset job failed unhealthy down ready error'.split(
    ' ',
  ),
)

/**
 * A book of placeholders: addresses, host names, e-mails, numbers of people, listed words and long random texts become words
 * such as `host_3fa1c20b7d`, the same wherever the same thing stands, and are put back in what comes back.
 */
export function placeholders({ key, words }: BookOptions): Book {
  const originals = new Map<string, string>()
  const count: Record<string, number> = {}
  const named = new Map<string, string>(words.map((word) => [word.toLowerCase(), 'word']))

  function stand(kind: string, value: string): string {
    // Names are the same in any case; what is put back is spelled as it was seen first.
    const digest = createHmac('sha256', key).update(`${kind} ${value.toLowerCase()}`).digest('hex')
    const word = `${kind}_${digest.slice(0, 10)}`
    if (!originals.has(word)) originals.set(word, value)
    count[kind] = (count[kind] ?? 0) + 1
    return word
  }

  const as =
    (kind: string, fits: (value: string) => boolean = () => true) =>
    (value: string): string =>
      fits(value) ? stand(kind, value) : value

  function learn(text: string): void {
    for (const [shape, kind] of [
      [TOLD_HOST, 'host'],
      [SYSLOG_HOST, 'host'],
      [TOLD_PERSON, 'name'],
      [FOLDER_OF, 'name'],
    ] as const)
      for (const [, word = ''] of text.matchAll(shape))
        if (!ORDINARY.has(word.toLowerCase()) && !named.has(word.toLowerCase()) && isName(word, kind))
          named.set(word.toLowerCase(), kind)
  }

  return {
    put(text) {
      learn(text)
      const dressed = text
        .replace(EMAIL, as('mail'))
        .replace(UUID, as('id'))
        .replace(MAC, as('mac'))
        .replace(
          IPV6,
          as('addr', (value) => value.length > 4 && !/^\d\d:\d\d(:\d\d)?$/.test(value) && !COMMON_ADDRESS.test(value)),
        )
        .replace(
          IPV4,
          as('addr', (value) => isAddress(value) && !COMMON_ADDRESS.test(value)),
        )
        .replace(IPV4_IN_NAME, as('addr'))
        .replace(DOTTED, as('host', isHostName))
        .replace(
          IBAN,
          as('number', (value) => /\d{6}/.test(value)),
        )
        .replace(
          PHONE,
          as('phone', (value) => value.replace(/\D/g, '').length >= 8),
        )
        .replace(CARD, as('number', isCardNumber))
        .replace(LONG, as('token', looksRandom))
      const listed = wordsShape([...named.keys()])
      return listed
        ? dressed.replace(listed, (value) => stand(named.get(value.toLowerCase()) ?? 'word', value))
        : dressed
    },
    restore: (text) => text.replace(PLACEHOLDER, (word) => originals.get(word.toLowerCase()) ?? word),
    counts: () => count,
  }
}

/** Single words that follow `for` or `host:` in a sentence are mostly just words; a person's are taken only where a field says so. */
function isName(word: string, kind: string): boolean {
  return kind === 'name' || /[\d-]/.test(word) || word.length >= 3
}

function wordsShape(words: readonly string[]): RegExp | undefined {
  if (words.length === 0) return undefined
  const longest = [...words].sort((a, b) => b.length - a.length)
  const escaped = longest.map((word) => word.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'))
  return new RegExp(`(?<![A-Za-z0-9_])(?:${escaped.join('|')})(?![A-Za-z0-9_])`, 'gi')
}

function isAddress(value: string): boolean {
  return value.split('.').every((part) => Number(part) <= 255)
}

/** Luhn's check digit. */
function isCardNumber(value: string): boolean {
  const digits = value.replace(/\D/g, '').split('').reverse().map(Number)
  const sum = digits.reduce(
    (total, digit, i) => total + (i % 2 === 0 ? digit : digit > 4 ? digit * 2 - 9 : digit * 2),
    0,
  )
  return digits.length >= 13 && sum % 10 === 0
}

/** One long piece of letters and digits that nobody would say aloud: a digest, a key, an id. */
function looksRandom(value: string): boolean {
  const longest = value.split(/[-_/]/).reduce((best, part) => (part.length > best.length ? part : best), '')
  if (longest.length < 18 || !/\d/.test(longest) || !/[A-Za-z]/.test(longest)) return false
  const distinct = new Set(longest).size
  return distinct >= 9
}
