import { createServer } from 'node:net'

/** Below what systems hand out by themselves, so that nobody gets a port while its agent is dead. */
const FIRST = 20_000
const COUNT = 10_000
let next = process.pid % COUNT

/** A free port of the loopback address that no other lane of this run gets. */
export async function ownPort(): Promise<number> {
  for (let tries = 0; tries < COUNT; tries++) {
    const port = FIRST + (next++ % COUNT)
    if (await isFree(port)) return port
  }
  throw new Error('no port is free')
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer().once('error', () => resolve(false))
    probe.listen(port, '127.0.0.1', () => probe.close(() => resolve(true)))
  })
}
