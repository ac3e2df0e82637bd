import { appendFileSync } from 'node:fs'
import { pino } from 'pino'
import { startApp } from '../../src/app.ts'
import { readConfig } from '../../src/config.ts'
import type { Observe } from '../../src/domain/observe.ts'
import type { Arm, FromAgent, Settings, ToAgent } from './protocol.ts'

/**
 * The real agent as a process of its own, with one thing added: at a point it was told of it kills itself, stops or waits.
 * Every point it passes is a line of its trace, written before anything else happens.
 */
const { CHAOS_TRACE = '', CHAOS_SETTINGS = '{}', ...env } = process.env
const settings = JSON.parse(CHAOS_SETTINGS) as Settings
let armed: (Arm & { left: number }) | undefined
let release = () => {}

process.on('message', (message: ToAgent) => {
  if (message.kind === 'arm') armed = { ...message.arm, left: message.arm.nth }
  if (message.kind === 'disarm') armed = undefined
  if (message.kind === 'release') release()
})
process.on('disconnect', () => process.exit(0))

async function pass(point: string, when: 'before' | 'after'): Promise<void> {
  note({ point, when })
  if (armed?.point !== point || armed.when !== when) return
  armed.left -= 1
  if (armed.left > 0) return
  const { action } = armed
  armed = undefined
  note({ point, when, action })
  if (action === 'kill') {
    process.kill(process.pid, 'SIGKILL')
    await new Promise(() => {})
  }
  tell({ kind: 'reached', point, when })
  if (action === 'stop') process.kill(process.pid, 'SIGSTOP')
  if (action === 'hold')
    await new Promise<void>((resolve) => {
      release = resolve
    })
}

function note(line: object): void {
  appendFileSync(CHAOS_TRACE, `${JSON.stringify({ at: Date.now(), pid: process.pid, ...line })}\n`)
}

function tell(message: FromAgent): void {
  process.send?.(message)
}

const observed =
  (inner: Observe): Observe =>
  async (point, work) => {
    await pass(point, 'before')
    try {
      return await inner(point, work)
    } finally {
      await pass(point, 'after')
    }
  }

const config = readConfig(env)
const { grantTtlMs, ...shorter } = settings
const app = await startApp(
  { ...config, ...shorter },
  {
    log: pino({ level: config.logLevel }, pino.destination({ dest: 2, sync: true })),
    observe: (metrics) => observed(metrics.observe),
    ...(grantTtlMs === undefined ? {} : { grantTtlMs }),
  },
)
tell({ kind: 'ready', url: app.url })

process.once('SIGTERM', () => {
  app.stop().then(() => process.exit(0))
})
