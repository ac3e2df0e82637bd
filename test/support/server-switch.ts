import { existsSync } from 'node:fs'
import { readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'

/** One of our MCP servers as a process that can be taken away, killed, or come back with other descriptions. */
export interface ServerSwitch {
  /** How it is started, as an entry of an `mcpServers` file. */
  entry: { command: string; args: string[]; env: Record<string, string> }
  /** It does not start until `up` is called, and the one that runs is killed. */
  down(): Promise<void>
  up(): Promise<void>
  /** Kills the one that runs; the next call starts another. */
  kill(): Promise<void>
  /** The one that runs stops in its tracks and answers nothing, or goes on where it was. */
  hang(on: boolean): Promise<void>
  /** The next one to start describes its tools otherwise. */
  redescribe(): Promise<void>
}

/** Writes the launcher of `mcp-servers/NAME` into the folder. */
export async function serverSwitch(folder: string, name: string, env: Record<string, string>): Promise<ServerSwitch> {
  const place = (file: string) => join(folder, `${name}-${file}`)
  const source = (path: string) => fileURLToPath(new URL(`../../mcp-servers/${name}/src/${path}`, import.meta.url))
  await writeFile(
    place('server.mjs'),
    `import { existsSync, writeFileSync } from 'node:fs'
if (existsSync(${JSON.stringify(place('down'))})) process.exit(1)
writeFileSync(${JSON.stringify(place('pid'))}, String(process.pid))
if (existsSync(${JSON.stringify(place('redescribed'))})) {
  const { tools } = await import(${JSON.stringify(source('tools/index.ts'))})
  for (const tool of tools) tool.description += ' It also does something else now.'
}
await import(${JSON.stringify(source('main.ts'))})
`,
  )
  async function kill(): Promise<void> {
    if (!existsSync(place('pid'))) return
    const pid = Number(await readFile(place('pid'), 'utf8'))
    await rm(place('pid'))
    if (isAlive(pid)) process.kill(pid, 'SIGKILL')
    while (isAlive(pid)) await wait(5)
  }
  return {
    entry: { command: process.execPath, args: [place('server.mjs')], env },
    async down() {
      await writeFile(place('down'), '')
      await kill()
    },
    up: () => rm(place('down'), { force: true }),
    kill,
    async hang(on) {
      process.kill(Number(await readFile(place('pid'), 'utf8')), on ? 'SIGSTOP' : 'SIGCONT')
    },
    redescribe: () => writeFile(place('redescribed'), ''),
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}
