import { existsSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { beforeAll, expect, test } from 'vitest'
import { filesIn, ROOT, read } from './files.ts'

let pages: ReadonlyMap<string, string>

beforeAll(async () => {
  const files = await filesIn('.', '.md')
  pages = new Map(await Promise.all(files.map(async (file) => [file, await read(file)] as const)))
})

test('the README shows the two commands to the letter', () => {
  const blocks = (pages.get('README.md') ?? '').split('```').filter((_text, index) => index % 2 === 1)
  const commands = blocks.flatMap((block) => block.split('\n').slice(1))
  expect(commands).toContain('npm ci && npm run demo')
  expect(commands).toContain('npm ci && npm test')
})

test('every link and picture leads to a file of the project, and every anchor to a heading', () => {
  const broken = [...pages].flatMap(([page, text]) =>
    linksOf(text).flatMap((link) => {
      const [path = '', anchor] = link.split('#')
      const target = path === '' ? page : join(dirname(page), path)
      if (!existsSync(join(ROOT, target))) return [`${page}: ${link} is not there`]
      const headings = anchor === undefined ? undefined : headingsOf(pages.get(target) ?? '')
      return headings === undefined || headings.has(anchor ?? '') ? [] : [`${page}: ${link} names no heading`]
    }),
  )
  expect(broken).toEqual([])
})

test('pictures are small', async () => {
  for (const picture of await filesIn('docs/images', '.png'))
    expect(statSync(join(ROOT, picture)).size, picture).toBeLessThan(300 * 1024)
})

test('every npm script a page names is there', async () => {
  const scripts = new Set(Object.keys(JSON.parse(await read('package.json')).scripts))
  const unknown = [...pages].flatMap(([page, text]) =>
    [...text.matchAll(/\bnpm run (?:-s |--silent )?([a-z][a-z:-]*)/g)].flatMap(([, name = '']) =>
      scripts.has(name) ? [] : [`${page}: npm run ${name}`],
    ),
  )
  expect(unknown).toEqual([])
})

test('the build script runs the four commands and nothing else', async () => {
  const lines = (await read('.ci/run')).split('\n')
  const commands = lines.filter((line) => /^npm /.test(line))
  expect(commands.toSorted()).toEqual(['npm ci', 'npm run check', 'npm run demo', 'npm test'])
  expect(commands.at(-1)).toBe('npm test')
  const rest = lines.filter((line) => line !== '' && !/^(#|npm |set |cd |export |exec <)/.test(line))
  expect(rest).toEqual([])
  expect(statSync(join(ROOT, '.ci/run')).mode & 0o111).not.toBe(0)
})

/** Relative links of a page, those in code left out. */
function linksOf(text: string): string[] {
  const prose = text.replaceAll(/^```[\s\S]*?^```/gm, '').replaceAll(/`[^`\n]*`/g, '')
  const found = prose.matchAll(/\]\(([^)\s]+)\)|<img[^>]*\ssrc="([^"]+)"|<a[^>]*\shref="([^"]+)"/g)
  return [...found]
    .map((match) => decodeURI(match[1] ?? match[2] ?? match[3] ?? ''))
    .filter((link) => !/^[a-z][a-z+.-]*:/.test(link))
}

/** As GitHub makes anchors of headings: lower case, punctuation dropped, spaces to hyphens. */
function headingsOf(text: string): Set<string> {
  const headings = text.replaceAll(/^```[\s\S]*?^```/gm, '').matchAll(/^#{1,6} +(.+)$/gm)
  return new Set(
    [...headings].map(([, title = '']) =>
      title
        .toLowerCase()
        .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
        .replaceAll(' ', '-'),
    ),
  )
}
