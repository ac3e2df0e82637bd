import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'

export interface Size {
  width: number
  /** The whole page where it is left out. */
  height?: number
  /** Pixels of the picture for each of the page. */
  scale?: number
}

export interface Browser {
  /** Opens an address, or a page given as HTML, and waits until it is loaded. */
  open(address: string, size: Size): Promise<void>
  show(html: string, size: Size): Promise<void>
  /** Evaluates an expression in the page. */
  ask(expression: string): Promise<unknown>
  /** Waits until the expression is true in the page. Throws after 20 s. */
  until(expression: string): Promise<void>
  picture(path: string): Promise<void>
  close(): Promise<void>
}

type Reply = { id?: number; result?: Record<string, unknown>; error?: { message: string } }

/** A Chromium without a window, by its own protocol: https://chromedevtools.github.io/devtools-protocol/ */
export async function openBrowser(program: string): Promise<Browser> {
  const profile = await mkdtemp(join(tmpdir(), 'watchkeeper-pictures-'))
  const child = spawn(
    program,
    [
      '--headless',
      '--no-sandbox',
      '--disable-gpu',
      '--hide-scrollbars',
      '--no-first-run',
      '--disable-background-networking',
      '--remote-debugging-port=0',
      `--user-data-dir=${profile}`,
      'about:blank',
    ],
    { stdio: ['ignore', 'ignore', 'pipe'] },
  )
  const send = await talkTo(await pageAddress(await debuggingAddress(child)))
  await send('Page.enable')
  let size: Size = { width: 1200 }

  async function resize(to: Size): Promise<void> {
    size = to
    const { width, height = 900, scale = 1 } = to
    await send('Emulation.setDeviceMetricsOverride', { width, height, deviceScaleFactor: scale, mobile: false })
  }

  async function ask(expression: string): Promise<unknown> {
    const { result } = await send('Runtime.evaluate', { expression, returnByValue: true, awaitPromise: true })
    return result && typeof result === 'object' && 'value' in result ? result.value : undefined
  }

  async function until(expression: string): Promise<void> {
    for (const deadline = Date.now() + 20_000; Date.now() < deadline; ) {
      if ((await ask(expression).catch(() => false)) === true) return
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
    throw new Error(`the page never came to: ${expression}`)
  }

  return {
    ask,
    until,
    async open(address, to) {
      await resize(to)
      await send('Page.navigate', { url: address })
      await until(`document.readyState === 'complete' && location.href !== 'about:blank'`)
    },
    async show(html, to) {
      // A page that forbids foreign styles would forbid ours.
      await send('Page.navigate', { url: 'about:blank' })
      await until(`location.href === 'about:blank'`)
      await resize(to)
      const { frameTree } = await send('Page.getFrameTree')
      const frameId = (frameTree as { frame: { id: string } }).frame.id
      await send('Page.setDocumentContent', { frameId, html })
      await until(`document.readyState === 'complete'`)
    },
    async picture(path) {
      if (size.height === undefined) {
        const { width, scale = 1 } = size
        await resize({ width, scale, height: 1 })
        await resize({ width, scale, height: Number(await ask('document.documentElement.scrollHeight')) })
      }
      const { data } = await send('Page.captureScreenshot', { format: 'png' })
      await writeFile(path, Buffer.from(String(data), 'base64'))
    },
    async close() {
      child.kill()
      if (child.exitCode === null) await once(child, 'exit')
      await rm(profile, { recursive: true, force: true, maxRetries: 5 })
    },
  }
}

async function debuggingAddress({ stderr }: ChildProcess): Promise<string> {
  if (!stderr) throw new Error('Chromium was started without its standard error')
  for await (const line of createInterface({ input: stderr })) {
    const found = /DevTools listening on ws:\/\/([^/]+)/.exec(line)?.[1]
    if (found !== undefined) {
      stderr.resume()
      return found
    }
  }
  throw new Error('Chromium ended before it could be spoken to.')
}

async function pageAddress(host: string): Promise<string> {
  const targets = (await (await fetch(`http://${host}/json/list`)).json()) as {
    type: string
    webSocketDebuggerUrl: string
  }[]
  const target = targets.find(({ type }) => type === 'page')
  if (!target) throw new Error('Chromium has no page open.')
  return target.webSocketDebuggerUrl
}

async function talkTo(address: string) {
  const socket = new WebSocket(address)
  await once(socket, 'open')
  const waiting = new Map<number, (reply: Reply) => void>()
  let last = 0
  socket.addEventListener('message', ({ data }) => {
    const reply: Reply = JSON.parse(String(data))
    if (reply.id !== undefined) waiting.get(reply.id)?.(reply)
  })
  return async (method: string, params: object = {}): Promise<Record<string, unknown>> => {
    const id = ++last
    const reply = await new Promise<Reply>((resolve) => {
      waiting.set(id, resolve)
      socket.send(JSON.stringify({ id, method, params }))
    })
    waiting.delete(id)
    if (reply.error) throw new Error(`${method}: ${reply.error.message}`)
    return reply.result ?? {}
  }
}
