import { parseHtml } from './html.ts'
import { badRequest, flag, type Params, string, structured } from './params.ts'
import type { Entity } from './types.ts'

/** Text, entities and whether a link preview would be shown. */
export interface FormattedText {
  text: string
  source: string
  entities: Entity[]
  preview: boolean
}

const found: [type: string, pattern: RegExp][] = [
  ['url', /\bhttps?:\/\/[^\s<>"]+[^\s<>".,;:!?)\]]/gi],
  ['url', /(?<![\w@./-])(?:[a-z0-9-]+\.)+(?:com|org|net|io|dev|app|me|eu|de|uk|info|xyz|example)(?:\/[^\s<>"]*)?\b/gi],
  ['email', /\b[\w.+-]+@[\w-]+(?:\.[\w-]+)+\b/g],
  ['mention', /(?<![\w@/])@[a-z]\w{2,31}\b/gi],
  ['bot_command', /(?<![\w/<>])\/[a-z0-9_]{1,64}(?:@\w{3,32})?\b/gi],
  ['hashtag', /(?<!\w)#\w*[a-z_]\w*/gi],
]

/** Reads `text`, `parse_mode`, `entities` and link preview options of a call; throws what the real server would. */
export function readText(params: Params, tooLong: string): FormattedText {
  const source = string(params, 'text') ?? ''
  if (source.trim() === '') throw badRequest('message text is empty')
  if (/[\uD800-\uDBFF](?![\uDC00-\uDFFF])|(?<![\uD800-\uDBFF])[\uDC00-\uDFFF]/.test(source)) {
    throw badRequest('strings must be encoded in UTF-8')
  }
  const mode = (string(params, 'parse_mode') ?? '').toLowerCase()
  const parsed = mode === 'html' ? parseHtml(source) : { text: source, entities: givenEntities(params, mode) }
  const { text, entities } = trimmed(parsed.text.replace(/[\0-\x09\x0b\x0c\x0e-\x1f]/g, ' '), parsed.entities)
  if (text === '') throw badRequest(mode === 'html' ? 'text must be non-empty' : 'message text is empty')
  if (text.length > 4096) throw badRequest(tooLong)
  const all = withFound(text, entities)
  return { text, source, entities: all.slice(0, 100), preview: hasLink(all) && !previewsOff(params) }
}

function givenEntities(params: Params, mode: string): Entity[] {
  if (mode === 'markdown' || mode === 'markdownv2') {
    throw badRequest(`can't parse entities: the simulator does not speak ${mode}, use HTML`)
  }
  if (mode !== '' && mode !== 'none') throw badRequest('unsupported parse_mode')
  const given = structured(params, 'entities')
  return Array.isArray(given) ? (given as Entity[]) : []
}

function trimmed(text: string, entities: Entity[]): { text: string; entities: Entity[] } {
  const lead = text.length - text.trimStart().length
  const result = text.trim()
  const moved = entities.flatMap((entity) => {
    const start = Math.max(0, entity.offset - lead)
    const end = Math.min(result.length, entity.offset - lead + entity.length)
    return end > start ? [{ ...entity, offset: start, length: end - start }] : []
  })
  return { text: result, entities: moved.sort((a, b) => a.offset - b.offset || b.length - a.length) }
}

/** Adds what Telegram finds by itself (links, mentions, commands), outside code and links that are there already. */
function withFound(text: string, entities: Entity[]): Entity[] {
  const result = [...entities]
  const closed = result.filter(({ type }) => ['code', 'pre', 'text_link', 'text_mention'].includes(type))
  for (const [type, pattern] of found) {
    for (const match of text.matchAll(pattern)) {
      const entity = { type, offset: match.index, length: match[0].length }
      if (closed.some((other) => overlaps(other, entity))) continue
      closed.push(entity)
      result.push(entity)
    }
  }
  return result.sort((a, b) => a.offset - b.offset || b.length - a.length)
}

function overlaps(a: Entity, b: Entity): boolean {
  return a.offset < b.offset + b.length && b.offset < a.offset + a.length
}

function hasLink(entities: Entity[]): boolean {
  return entities.some(({ type, url }) => type === 'url' || (type === 'text_link' && !url?.startsWith('tg:')))
}

function previewsOff(params: Params): boolean {
  const options = structured(params, 'link_preview_options') as { is_disabled?: boolean } | undefined
  return options?.is_disabled === true || flag(params, 'disable_web_page_preview')
}

/** Entities of a person's message, as the bot receives them. */
export function entitiesOf(text: string): Entity[] {
  return withFound(text, [])
}
