import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { knowledgeApi } from '../../../mcp-servers/knowledge/src/knowledge-api.ts'
import { tools } from '../../../mcp-servers/knowledge/src/tools/index.ts'
import { startKnowledge } from '../../simulators/knowledge/server.ts'
import type { Secret } from '../redact-kinds.ts'
import { type RedactBench, servable } from './planted-server.ts'

/** The prose of runbooks, pages of documentation and the facts of past decisions carry every text. */
export const knowledgeRedact: RedactBench = {
  server: 'knowledge',
  async start(texts) {
    const runbooks = await mkdtemp(join(tmpdir(), 'watchkeeper-redact-'))
    await Promise.all(texts.map((one, at) => writeFile(join(runbooks, `planted-${at}.md`), runbook(one, at))))
    const simulator = await startKnowledge({
      runbooks,
      pages: texts.flatMap(({ text }, at) => [
        { collection: 'documentation' as const, id: `page-${at}`, markdown: `# Planted ${word(at)}\n\n${text}\n` },
        {
          collection: 'decisions' as const,
          id: `${at}`,
          markdown: `# Planted ${word(at)}\n\n${text}\n`,
          facts: { outcome: 'not_fixed', because: text, runbook: `planted-${at}`, at: '2026-11-01T10:00:00.000Z' },
        },
      ]),
    })
    const access = { name: 'watchkeeper', url: simulator.url, token: simulator.token }
    const definition = {
      name: 'watchkeeper-knowledge',
      title: 'What Watchkeeper knows',
      version: '0',
      instructions: '',
      tools,
      ports: new Map([[access.name, knowledgeApi(access)]]),
    }
    return {
      ...servable(definition),
      planted: texts,
      calls: texts.flatMap((_, at) => {
        const summary = `planted ${word(at)}`
        return [
          { tool: 'search', args: { summary, limit: 20 } },
          { tool: 'search', args: { summary, collection: 'documentation', limit: 20 } },
          { tool: 'decisions_like', args: { summary, limit: 20 } },
          { tool: 'runbook_get', args: { runbook: `planted-${at}` } },
          { tool: 'runbook_stats', args: { runbook: `planted-${at}` } },
        ]
      }),
      async stop() {
        await simulator.stop()
        await rm(runbooks, { recursive: true, force: true })
      },
    }
  },
}

/** A word of its own for each page, so that each can be found. */
function word(at: number): string {
  return `page${String.fromCharCode(97 + Math.floor(at / 26), 97 + (at % 26))}`
}

function runbook({ text }: Secret, at: number): string {
  return `---
id: planted-${at}
title: Planted ${word(at)}
match:
  alertnames: [Planted${at}]
---
# Planted ${word(at)}

${text}
`
}
