import { createServer } from 'node:net'

/** Below what systems hand out by themselves, so that nobody gets a port while its agent is dead. */
const FIRST = 20_000
const COUNT = 10_000

/** Gives out free ports of the loopback address, each of them once. */
export function portsOf(start: number): () => Promise<number> {
  let next = start
  return async function ownPort() {
    for (let tries = 0; tries < COUNT; tries++) {
      const port = FIRST + (next++ % COUNT)
      if (await isFree(port)) return port
    }
    throw new Error('no port is free')
  }
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer().once('error', () => resolve(false))
    probe.listen(port, '127.0.0.1', () => probe.close(() => resolve(true)))
  })
}
