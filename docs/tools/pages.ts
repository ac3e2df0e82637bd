import { fileURLToPath } from 'node:url'
import { tools as knowledge } from '../../mcp-servers/knowledge/src/tools/index.ts'
import { tools as kubernetes } from '../../mcp-servers/kubernetes/src/tools/index.ts'
import { tools as prometheus } from '../../mcp-servers/prometheus/src/tools/index.ts'
import { tools as proxmox } from '../../mcp-servers/proxmox/src/tools/index.ts'
import { catalogOf, type PublishedTool } from '../../mcp-servers/shared/src/catalog.ts'
import type { Tool } from '../../mcp-servers/shared/src/define-tool.ts'
import { tools as talos } from '../../mcp-servers/talos/src/tools/index.ts'
import { APPLICABLE, INAPPLICABLE, INSPECTOR, SUITE } from '../../test/conformance/scenarios.ts'
import { toolPage } from './tool-page.ts'

/** What each of our servers publishes at its fullest: one cluster, a credential that may do everything. One line for each. */
export const published: Readonly<Record<string, readonly PublishedTool[]>> = {
  kubernetes: list(kubernetes),
  proxmox: list(proxmox),
  talos: list(talos),
  prometheus: list(prometheus),
  knowledge: list(knowledge),
}

/** Every page that is made from the code, by its path; and each list as it goes over the wire, one tool a line. */
export function pages(): Map<string, string> {
  const references = Object.entries(published).flatMap(([server, tools]): [string, string][] => [
    [path(`${server}.md`), toolPage(server, tools)],
    [
      path(`../../mcp-servers/${server}/test/golden/tools.jsonl`),
      tools.map((tool) => `${JSON.stringify(tool)}\n`).join(''),
    ],
  ])
  return new Map([...references, [path('conformance.md'), conformancePage()]])
}

function list<Port>(tools: readonly Tool<Port>[]): PublishedTool[] {
  return [...catalogOf(tools, ['main'], false).values()].map((entry) => entry.published)
}

function path(name: string): string {
  return fileURLToPath(new URL(name, import.meta.url))
}

function conformancePage(): string {
  const rows = Object.entries(INAPPLICABLE).map(([scenario, why]) => `| \`${scenario}\` | ${why} |`)
  return `# Conformance

\`npm run conformance\` runs clients that nobody here wrote on every server: \`${INSPECTOR}\`, which lists the tools with
\`--strict\` over stdio and over HTTP and must find nothing to say about their schemas, not even a warning; and the server scenarios
of \`${SUITE}\` over HTTP. The suite cannot send a bearer token, so a small proxy adds it.

These scenarios apply to any server, and pass: ${APPLICABLE.map((name) => `\`${name}\``).join(', ')}.

The others do not apply:

| scenario | why |
|---|---|
${rows.join('\n')}

The run fails when the suite has a scenario that stands in neither list. This page is made by \`npm run docs\`.
`
}
