import { badRequest } from './params.ts'
import type { Entity } from './types.ts'

export interface Parsed {
  text: string
  entities: Entity[]
}

interface Open {
  tag: string
  start: number
  attributes: Map<string, string>
  at: number
}

const typeOfTag = new Map([
  ['b', 'bold'],
  ['strong', 'bold'],
  ['i', 'italic'],
  ['em', 'italic'],
  ['u', 'underline'],
  ['ins', 'underline'],
  ['s', 'strikethrough'],
  ['strike', 'strikethrough'],
  ['del', 'strikethrough'],
  ['tg-spoiler', 'spoiler'],
  ['span', 'spoiler'],
  ['a', 'text_link'],
  ['code', 'code'],
  ['pre', 'pre'],
  ['blockquote', 'blockquote'],
  ['tg-emoji', 'custom_emoji'],
  ['tg-time', 'date_time'],
])

const namedCharacters = new Map([
  ['lt', '<'],
  ['gt', '>'],
  ['amp', '&'],
  ['quot', '"'],
])

/**
 * Takes HTML as `parse_mode: 'HTML'` knows it apart into plain text and entities.
 *
 * Throws the real server's 400 with its byte offset for tags that are unknown, unclosed or crossed. Only the four named
 * characters of https://core.telegram.org/bots/api#html-style are decoded, and numeric ones.
 */
export function parseHtml(source: string): Parsed {
  const entities: Entity[] = []
  const open: Open[] = []
  let text = ''
  let i = 0
  while (i < source.length) {
    const char = source.charAt(i)
    if (char === '&') {
      const [decoded, length] = decodeCharacter(source.slice(i, i + 12))
      text += decoded
      i += length
    } else if (char !== '<') {
      text += char
      i += 1
    } else if (source.charAt(i + 1) === '/') {
      i = closeTag(source, i, open, entities, text.length, text)
    } else {
      const tag = readStartTag(source, i)
      open.push({ ...tag, start: text.length, at: i })
      i = tag.end
    }
  }
  const last = open.at(-1)
  if (last) throw unparsable(`Can't find end tag corresponding to start tag "${last.tag}"`)
  return { text, entities }
}

function unparsable(reason: string) {
  return badRequest(`can't parse entities: ${reason}`)
}

function byteOffset(source: string, index: number): number {
  return Buffer.byteLength(source.slice(0, index))
}

/** The character that a text beginning with `&` stands for, and how many characters of the source that took. */
function decodeCharacter(source: string): [string, number] {
  const match = /^&(?:#x([0-9a-f]{1,6})|#([0-9]{1,7})|([a-z]+));?/i.exec(source)
  if (!match) return ['&', 1]
  const [whole, hex, decimal, name] = match
  if (name !== undefined) {
    const known = namedCharacters.get(name)
    return known === undefined ? ['&', 1] : [known, whole.length]
  }
  const code = hex === undefined ? Number(decimal) : Number.parseInt(hex, 16)
  if (code === 0 || code >= 0x10ffff) return ['&', 1]
  return [String.fromCodePoint(code), whole.length]
}

function readStartTag(source: string, begin: number): { tag: string; attributes: Map<string, string>; end: number } {
  const at = byteOffset(source, begin)
  let i = begin + 1
  while (i < source.length && !/[\s>]/.test(source.charAt(i))) i += 1
  if (i >= source.length) throw unparsable(`Unclosed start tag at byte offset ${at}`)
  const tag = source.slice(begin + 1, i).toLowerCase()
  if (!typeOfTag.has(tag)) throw unparsable(`Unsupported start tag "${tag}" at byte offset ${at}`)
  const attributes = new Map<string, string>()
  const attribute = /\s*(?:([^\s=>]+)(?:\s*=\s*(?:"([^"]*)"|'([^']*)'|([a-zA-Z0-9.-]+))|(?=[\s>])(?!\s*=))|(>)|(=))/y
  for (;;) {
    attribute.lastIndex = i
    const match = attribute.exec(source)
    if (!match) throw unparsable(`Unclosed start tag "${tag}" at byte offset ${at}`)
    i = attribute.lastIndex
    if (match[5]) break
    if (match[6]) throw unparsable(`Empty attribute name in the tag "${tag}" at byte offset ${at}`)
    const value = match[2] ?? match[3] ?? match[4] ?? ''
    attributes.set(
      (match[1] ?? '').toLowerCase(),
      value.replace(/&[#a-z0-9]+;?/gi, (part) => decodeCharacter(part)[0]),
    )
  }
  if (tag === 'span' && attributes.get('class') !== 'tg-spoiler') {
    throw unparsable(`Tag "span" must have class "tg-spoiler" at byte offset ${at}`)
  }
  return { tag, attributes, end: i }
}

function closeTag(source: string, begin: number, open: Open[], into: Entity[], length: number, text: string): number {
  const at = byteOffset(source, begin)
  const top = open.pop()
  if (!top) throw unparsable(`Unexpected end tag at byte offset ${at}`)
  const match = /<\/([^\s>]*)\s*(>?)/y
  match.lastIndex = begin
  const found = match.exec(source)
  if (!found?.[2]) throw unparsable(`Unclosed end tag at byte offset ${at}`)
  const name = (found[1] ?? '').toLowerCase()
  if (name !== '' && name !== top.tag) {
    throw unparsable(`Unmatched end tag at byte offset ${at}, expected "</${top.tag}>", found "</${name}>"`)
  }
  const entity = length > top.start ? entityOf(top, length, text) : undefined
  if (entity) addEntity(into, entity, open)
  return match.lastIndex
}

function entityOf(open: Open, end: number, text: string): Entity | undefined {
  const range = { offset: open.start, length: end - open.start }
  const type = typeOfTag.get(open.tag) ?? open.tag
  if (open.tag === 'a') {
    const url = open.attributes.get('href') || text.slice(open.start, end)
    return isLink(url) ? { type, ...range, url } : undefined
  }
  if (open.tag === 'blockquote' && open.attributes.has('expandable')) return { type: 'expandable_blockquote', ...range }
  if (open.tag === 'code' && open.attributes.get('class')?.startsWith('language-')) {
    return { type, ...range, language: open.attributes.get('class')?.slice('language-'.length) ?? '' }
  }
  if (open.tag === 'tg-emoji') return { type, ...range, custom_emoji_id: open.attributes.get('emoji-id') ?? '' }
  return { type, ...range }
}

/** Inside `code` and `pre` nothing else is kept; `pre` around `code class="language-…"` becomes one entity. */
function addEntity(into: Entity[], entity: Entity, open: Open[]): void {
  const parent = open.at(-1)
  if (entity.type === 'code' && parent?.tag === 'pre') {
    if (entity.language) parent.attributes.set('language', entity.language)
    return
  }
  if (entity.type === 'code') {
    const { language: _, ...plain } = entity
    dropInside(into, entity)
    into.push(plain)
    return
  }
  if (entity.type === 'pre') dropInside(into, entity)
  into.push(entity)
}

function dropInside(entities: Entity[], outer: Entity): void {
  for (let i = entities.length - 1; i >= 0; i -= 1) {
    const inner = entities[i]
    if (inner && inner.offset >= outer.offset) entities.splice(i, 1)
  }
}

/** Whether Telegram would make a link of it: http, https, tg, ton, mailto and tel, or a bare host. */
export function isLink(url: string): boolean {
  return /^(?:https?|tg|ton|mailto|tel):/i.test(url) || /^[\w-]+(?:\.[\w-]+)+(?:[/?#].*)?$/.test(url)
}
