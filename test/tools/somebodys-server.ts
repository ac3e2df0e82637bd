import { appendFileSync, readFileSync, watchFile } from 'node:fs'
import { Server } from '@modelcontextprotocol/sdk/server/index.js'
import { StdioServerTransport } from '@modelcontextprotocol/sdk/server/stdio.js'
import { CallToolRequestSchema, ListToolsRequestSchema } from '@modelcontextprotocol/sdk/types.js'

/**
 * Somebody else's MCP server, as a process: publishes the tools of a JSON file (the first argument), says so when that file
 * changes, and appends every call it gets to another (the second). A call of a tool with an `answer` beside its definition gets
 * that back.
 */
const [, , toolsFile = '', callsFile = ''] = process.argv
const server = new Server({ name: 'notes', version: '1' }, { capabilities: { tools: { listChanged: true } } })
const tools = (): { name: string; answer?: object }[] => JSON.parse(readFileSync(toolsFile, 'utf8'))
server.setRequestHandler(ListToolsRequestSchema, () => ({ tools: tools().map(({ answer: _own, ...tool }) => tool) }))
server.setRequestHandler(CallToolRequestSchema, ({ params }) => {
  appendFileSync(callsFile, `${JSON.stringify({ ...params, key: process.env.WATCHKEEPER_GRANT_PUBLIC_KEY })}\n`)
  const { answer } = tools().find(({ name }) => name === params.name) ?? {}
  return answer ? { ...answer } : { content: [{ type: 'text', text: `did ${params.name}` }] }
})
watchFile(toolsFile, { interval: 20 }, () => void server.sendToolListChanged())
process.stdin.on('end', () => process.exit(0))
await server.connect(new StdioServerTransport())
