import { generateKeyPairSync } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { readConfig } from '../config.ts'
import type { Problem } from '../domain/runbook.ts'
import { loadRunbookFolder } from '../knowledge/runbook-folder.ts'
import { lintRunbook } from '../knowledge/runbook-lint.ts'
import { grantSigner } from '../tools/grants.ts'
import { declaredTools } from '../tools/mcp-servers.ts'
import { mcpToolbox } from '../tools/mcp-toolbox.ts'
import { configuredServers } from '../tools/open-tools.ts'
import { ownServers } from '../tools/server-entries.ts'
import { catalogueOf } from './catalogue.ts'
import { createLog } from './log.ts'

/** Lints a folder of runbooks against the tools there are. 1 where there are errors. */
export async function lintCommand(
  folder: string | undefined,
  env: Readonly<Record<string, string | undefined>>,
): Promise<number> {
  const config = readConfig(env)
  const { runbooks, problems } = await loadRunbookFolder(folder ?? config.runbooksDir)
  const nowhere = await unreachableCluster()
  const servers = new Map([...ownServers({ kubeconfig: nowhere }), ...(await configuredServers(config, env))])
  const toolbox = mcpToolbox({
    servers,
    signer: grantSigner(generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()),
    clock: Date.now,
    log: createLog('silent'),
    pins: { check: async () => undefined },
    env: {},
  })
  try {
    const catalogue = catalogueOf(await toolbox.tools(), declaredTools(servers))
    const found = [...problems, ...runbooks.flatMap((runbook) => lintRunbook(runbook, catalogue))]
    process.stdout.write(found.map((problem) => `${line(problem)}\n`).join(''))
    const errors = found.filter(({ severity }) => severity === 'error').length
    process.stdout.write(`${runbooks.length} runbooks, ${errors} errors, ${found.length - errors} other remarks.\n`)
    return errors > 0 ? 1 : 0
  } finally {
    await toolbox.close()
    await rm(dirname(nowhere), { recursive: true })
  }
}

/** Our own servers list their tools even where they can reach nothing, so a lint needs no cluster, only a name for one. */
async function unreachableCluster(): Promise<string> {
  const path = join(await mkdtemp(join(tmpdir(), 'watchkeeper-lint-')), 'kubeconfig')
  const cluster = { server: 'https://127.0.0.1:1' }
  const context = { cluster: 'none', user: 'none' }
  await writeFile(
    path,
    JSON.stringify({
      apiVersion: 'v1',
      kind: 'Config',
      clusters: [{ name: 'none', cluster }],
      users: [{ name: 'none', user: {} }],
      contexts: [{ name: 'none', context }],
      'current-context': 'none',
    }),
  )
  return path
}

function line({ path, line: at, column, severity, message, hint }: Problem): string {
  const place = [path, at, column].filter((it) => it !== undefined).join(':')
  return `${place}: ${severity}: ${message}${hint === undefined ? '' : ` ${hint}`}`
}
