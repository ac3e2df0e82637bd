import { readFile, writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { routes } from '../src/graph/graph.ts'

/** The page that holds the drawing. */
export const PAGE = fileURLToPath(new URL('architecture.md', import.meta.url))

const BEGIN = '<!-- graph: drawn by node docs/draw-graph.ts, not by hand -->'
const END = '<!-- graph: end -->'

/** The flow of one incident as a Mermaid chart, from the routes that the compiled graph is made of. Round nodes only wait. */
export function drawGraph(): string {
  const boxes = Object.keys(routes).map((name) =>
    name.startsWith('await-') ? `  ${name}([${name}])` : `  ${name}[${name}]`,
  )
  const arrows = Object.entries(routes).flatMap(([from, steps]) =>
    steps.map((to) => `  ${from} --> ${to === 'end' ? 'finish' : to}`),
  )
  return ['flowchart TD', '  start((alert)) --> triage', ...boxes, '  finish((end))', ...arrows].join('\n')
}

/** The page with the drawing between its two marks made anew. Throws where the marks are missing. */
export function withDrawing(page: string): string {
  const begin = page.indexOf(BEGIN)
  const end = page.indexOf(END)
  if (begin < 0 || end < begin) throw new Error(`docs/architecture.md must hold the lines "${BEGIN}" and "${END}".`)
  return `${page.slice(0, begin)}${BEGIN}\n\n\`\`\`mermaid\n${drawGraph()}\n\`\`\`\n\n${page.slice(end)}`
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await writeFile(PAGE, withDrawing(await readFile(PAGE, 'utf8')))
