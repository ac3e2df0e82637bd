import { generateKeyPairSync } from 'node:crypto'
import { readConfig } from '../config.ts'
import type { Problem } from '../domain/runbook.ts'
import { loadRunbookFolder } from '../knowledge/runbook-folder.ts'
import { lintRunbook } from '../knowledge/runbook-lint.ts'
import { grantSigner } from '../tools/grants.ts'
import { declaredTools, type ServerEntries } from '../tools/mcp-servers.ts'
import { configuredServers, openTools } from '../tools/open-tools.ts'
import { ownServersAlone } from '../tools/server-entries.ts'
import type { PublishedTool, ServerStatus } from '../tools/toolbox.ts'
import { catalogueOf } from './catalogue.ts'
import { createLog } from './log.ts'

/** Lints a folder of runbooks, or one of its files, against the tools there are. 1 where there are errors. */
export async function lintCommand(
  path: string | undefined,
  env: Readonly<Record<string, string | undefined>>,
): Promise<number> {
  const config = readConfig(env)
  const { runbooks, problems } = await loadRunbookFolder(path ?? config.runbooksDir)
  const { servers: configured } = await configuredServers(config, env)
  // Our own servers are known at their fullest, whatever the credentials here may do; what is published here comes on top.
  const [own, here] = await Promise.all([toolsOf(ownServersAlone()), toolsOf(configured)])
  const catalogue = catalogueOf([...own.tools, ...here.tools], declaredTools(configured))
  const found = [...problems, ...runbooks.flatMap((runbook) => lintRunbook(runbook, catalogue))]
  process.stdout.write(found.map((problem) => `${line(problem)}\n`).join(''))
  for (const { server, because } of [...own.silent, ...here.silent])
    process.stdout.write(`The tools of ${server} are not known here: ${because ?? 'it has not answered'}.\n`)
  const errors = found.filter(({ severity }) => severity === 'error').length
  process.stdout.write(
    `${count(runbooks.length, 'runbook')}, ${count(errors, 'error')}, ${count(found.length - errors, 'other remark')}.\n`,
  )
  return errors > 0 ? 1 : 0
}

/** What these servers publish, and those that do not answer. None of them is sent a change: nothing here could sign one. */
async function toolsOf(servers: ServerEntries): Promise<{ tools: PublishedTool[]; silent: ServerStatus[] }> {
  const pem = generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
  const pins = { check: async () => undefined }
  const toolbox = openTools(servers, { signer: grantSigner(pem), log: createLog('silent'), pins })
  try {
    const tools = await toolbox.tools()
    return { tools, silent: toolbox.status().filter(({ state }) => state !== 'ready') }
  } finally {
    await toolbox.close()
  }
}

function line({ path, line: at, column, severity, message, hint }: Problem): string {
  const place = [path, at, column].filter((it) => it !== undefined).join(':')
  return `${place}: ${severity}: ${message}${hint === undefined ? '' : ` ${hint}`}`
}

function count(number: number, thing: string): string {
  return `${number} ${thing}${number === 1 ? '' : 's'}`
}
