import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { serverBenches } from '../bench/servers/index.ts'
import type { BenchPlatform } from '../bench/servers/server-bench.ts'
import { type HttpServer, startHttp } from '../bench/servers/start-http.ts'
import { APPLICABLE, INAPPLICABLE, INSPECTOR, SUITE } from './scenarios.ts'
import { startTokenProxy } from './token-proxy.ts'

/**
 * Clients that nobody here wrote, on every server: the inspector lists the tools strictly over both transports, and the
 * conformance suite runs its server scenarios over HTTP. Both come by npx; nothing of them is kept here. The suite runs outside
 * this folder, because what it finds there it would take for its own.
 */
async function main(): Promise<number> {
  const folder = await mkdtemp(join(tmpdir(), 'watchkeeper-conformance-'))
  let failed = 0
  const check = (name: string, { ok, said }: Said) => {
    if (!ok) failed += 1
    process.stdout.write(`${ok ? '✔' : '✖'} ${name}\n${ok ? '' : said.replaceAll(/^/gm, '    ')}`)
  }
  try {
    check('every scenario of the suite is run, or has its reason', await knownScenarios(folder))
    for (const { server, start } of serverBenches) {
      const platform = await start()
      const http = await startHttp(platform)
      const proxy = await startTokenProxy(http.url, http.token)
      try {
        check(`${server}: inspector, strict, stdio`, await inspectStdio(folder, platform))
        check(`${server}: inspector, strict, HTTP`, await inspectHttp(folder, http))
        for (const scenario of APPLICABLE)
          check(
            `${server}: ${scenario}`,
            await npx(folder, [SUITE, 'server', '--url', proxy.url.href, '--scenario', scenario]),
          )
      } finally {
        await proxy.stop()
        await http.stop()
        await platform.stop()
      }
    }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
  return failed === 0 ? 0 : 1
}

type Said = { ok: boolean; said: string }

async function knownScenarios(folder: string): Promise<Said> {
  const { ok, said } = await npx(folder, [SUITE, 'list'])
  const [, server = ''] = /Server scenarios[^\n]*\n([\s\S]*?)\n\s*\n/.exec(said) ?? []
  const names = [...server.matchAll(/^ *- ([\w-]+)/gm)].map(([, name = '']) => name)
  const unknown = names.filter((name) => !APPLICABLE.includes(name) && !Object.hasOwn(INAPPLICABLE, name))
  return { ok: ok && names.length > 0 && unknown.length === 0, said: `unknown: ${unknown.join(', ')}\n${said}` }
}

async function inspectStdio(folder: string, { main, flags, env }: BenchPlatform): Promise<Said> {
  const variables = Object.entries(env).flatMap(([name, value]) => ['-e', `${name}=${value}`])
  const command = [process.execPath, main, ...flags]
  return clean(await npx(folder, [INSPECTOR, '--cli', ...variables, ...command, ...STRICT]))
}

async function inspectHttp(folder: string, { url, token }: HttpServer): Promise<Said> {
  const address = ['--transport', 'http', '--server-url', url.href, '--header', `Authorization: Bearer ${token}`]
  return clean(await npx(folder, [INSPECTOR, '--cli', ...address, ...STRICT]))
}

const STRICT = ['--method', 'tools/list', '--strict']

/** The inspector fails on errors alone; here a warning is one too. */
function clean({ ok, said }: Said): Said {
  return { ok: ok && /"tools"/.test(said) && !/^Warning: /m.test(said), said }
}

function npx(cwd: string, args: readonly string[]): Promise<Said> {
  return new Promise((resolve) => {
    execFile('npx', ['-y', ...args], { cwd, maxBuffer: 16 * 1_048_576, timeout: 240_000 }, (error, stdout, stderr) =>
      resolve({ ok: error === null, said: `${stdout}\n${stderr}\n` }),
    )
  })
}

process.exitCode = await main()
