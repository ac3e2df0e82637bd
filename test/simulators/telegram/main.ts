import { optionsOf } from '../options.ts'
import { serveControl } from './control-api.ts'
import { startTelegram } from './server.ts'

/** Runs a simulated Telegram as a process of its own: one line of JSON says where it listens, SIGTERM ends it. */
// A group's id is negative, and parseArgs would take a bare `-100…` for an option.
const args = process.argv
  .slice(2)
  .join('\0')
  .replace(/(--chat-id)\0-/g, '$1=-')
  .split('\0')
  .filter(Boolean)
const values = optionsOf(
  {
    oracle: { type: 'string' },
    port: { type: 'string' },
    'control-port': { type: 'string' },
    token: { type: 'string' },
    'chat-id': { type: 'string' },
    'no-forum': { type: 'boolean', default: false },
    'per-minute': { type: 'string' },
    'per-second': { type: 'string' },
  },
  args,
)

const telegram = await startTelegram({
  forum: !values['no-forum'],
  ...(values.oracle ? { oracle: values.oracle } : {}),
  ...(values.port ? { port: Number(values.port) } : {}),
  ...(values.token ? { botToken: values.token } : {}),
  ...(values['chat-id'] ? { chatId: Number(values['chat-id']) } : {}),
  limits: {
    ...(values['per-minute'] ? { perChatPerMinute: Number(values['per-minute']) } : {}),
    ...(values['per-second'] ? { perSecond: Number(values['per-second']) } : {}),
  },
})
const control = await serveControl(telegram, Number(values['control-port'] ?? 0))

const { url, token, chatId } = telegram
console.log(JSON.stringify({ ready: true, url, control: control.url, token, chatId }))

for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  process.once(signal, async () => {
    await Promise.all([telegram.stop(), control.stop()])
    process.exit(0)
  })
}
