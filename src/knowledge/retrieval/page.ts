/** A page by its parts, as the ranking weighs them. Fenced code and addresses are in none of them. */
export interface PageText {
  readonly title: string
  /** The file's name without folder and `.md`. */
  readonly file: string
  readonly headings: readonly string[]
  readonly prose: string
}

/** A stretch of a page under one heading: what is embedded, and what is shown. */
export interface Chunk {
  /** The headings above it, outermost first, joined by ` › `; the page's title for what comes before the first. */
  readonly heading: string
  readonly text: string
}

export interface MarkdownPage extends PageText {
  readonly chunks: readonly Chunk[]
}

/** Characters of a chunk at most, about 400 tokens: the embedding model reads no more than it was trained for. */
const CHUNK_CHARS = 1_600

/**
 * Reads a Markdown page with or without front matter. `file` is its name without folder and `.md`. The title is the front
 * matter's, else the first heading, else the file's name. Never throws, on any text.
 */
export function readPage(markdown: string, file: string): MarkdownPage {
  const { front, body } = splitFront(markdown.replaceAll('\r\n', '\n'))
  const sections = sectionsOf(body)
  const first = sections.find(({ heading }) => heading !== '')?.heading
  const named = [front, first].filter((text): text is string => text !== undefined && text !== '')
  return {
    title: [...new Set(named)].join('\n') || file,
    file,
    headings: sections.map(({ heading }) => heading).filter((heading) => heading !== ''),
    prose: sections.map(({ text }) => plain(text)).join('\n'),
    chunks: sections.flatMap(({ path, text }) => cut(path.join(' › ') || front || file, text)),
  }
}

interface Section {
  readonly heading: string
  readonly path: readonly string[]
  readonly text: string
}

function splitFront(text: string): { front: string | undefined; body: string } {
  const match = /^---\n([\s\S]*?)\n---[ \t]*(?:\n|$)/.exec(text)
  if (!match) return { front: undefined, body: text }
  const title = /^title:[ \t]*(.+)$/m.exec(match[1] ?? '')?.[1]
  return { front: title?.trim().replace(/^(["'])(.*)\1$/, '$2'), body: text.slice(match[0].length) }
}

function sectionsOf(body: string): Section[] {
  const sections: Section[] = []
  let open: { level: number; heading: string }[] = []
  let lines: string[] = []
  let fence: string | undefined
  const close = () => {
    const heading = open.at(-1)?.heading ?? ''
    const text = lines.join('\n').trim()
    if (heading !== '' || text !== '') sections.push({ heading, path: open.map((at) => at.heading), text })
    lines = []
  }
  for (const line of body.split('\n')) {
    const mark = /^ {0,3}(`{3,}|~{3,})/.exec(line)?.[1]
    if (mark !== undefined && (fence === undefined || mark.startsWith(fence)))
      fence = fence === undefined ? mark : undefined
    const match = fence === undefined && mark === undefined ? /^ {0,3}(#{1,6})[ \t]+(.+?)[ \t]*#*$/.exec(line) : null
    if (!match) {
      lines.push(line)
      continue
    }
    close()
    const level = (match[1] ?? '').length
    open = [...open.filter((at) => at.level < level), { level, heading: plain(match[2] ?? '').trim() }]
  }
  close()
  return sections
}

/** What a reader would say aloud: no code blocks, no addresses, no markup. */
function plain(text: string): string {
  return text
    .replace(/^ {0,3}(`{3,}|~{3,})[^\n]*\n[\s\S]*?(?:^ {0,3}\1[`~]*[ \t]*$|(?![\s\S]))/gm, '\n')
    .replace(/!?\[([^\]]*)\]\([^)]*\)/g, '$1')
    .replace(/<!--[\s\S]*?-->|<[^>\n]{1,200}>/g, ' ')
    .replace(/\bhttps?:\/\/\S+/g, ' ')
}

function cut(heading: string, text: string): Chunk[] {
  const chunks: Chunk[] = []
  let open = ''
  for (const paragraph of text.split(/\n{2,}/)) {
    for (let at = 0; at < paragraph.length; at += CHUNK_CHARS) {
      const piece = paragraph.slice(at, at + CHUNK_CHARS)
      if (open.length + piece.length > CHUNK_CHARS && open !== '') {
        chunks.push({ heading, text: open })
        open = ''
      }
      open = open === '' ? piece : `${open}\n\n${piece}`
    }
  }
  if (open.trim() !== '') chunks.push({ heading, text: open })
  return chunks
}
