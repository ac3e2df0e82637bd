import { connect, createServer, type Socket } from 'node:net'

/** A way to the database that can be cut like a cable, or go silent as a network does that swallows packets. */
export interface Line {
  /** The database's address by this way. */
  url: string
  /** Every connection ends at once and new ones are refused. */
  cut(): void
  /** Nothing gets through any more, and nobody is told. */
  hang(): void
  mend(): void
  close(): Promise<void>
}

export async function lineTo(databaseUrl: string): Promise<Line> {
  const target = new URL(databaseUrl)
  const sockets = new Set<Socket>()
  let state: 'open' | 'cut' | 'hanging' = 'open'
  const server = createServer((near) => {
    if (state === 'cut') return near.destroy()
    const far = connect(Number(target.port), target.hostname)
    for (const socket of [near, far]) {
      sockets.add(socket)
      socket.on('close', () => sockets.delete(socket))
      socket.on('error', () => socket.destroy())
    }
    const pass = (from: Socket, to: Socket) => {
      from.on('data', (data) => {
        if (state === 'open') to.write(data)
      })
      from.on('close', () => to.destroy())
    }
    pass(near, far)
    pass(far, near)
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, '127.0.0.1', resolve)
  })
  const address = server.address()
  const url = new URL(databaseUrl)
  url.port = String(typeof address === 'object' && address ? address.port : 0)
  const drop = () => {
    for (const socket of sockets) socket.destroy()
  }
  return {
    url: url.href,
    cut() {
      state = 'cut'
      drop()
    },
    hang() {
      state = 'hanging'
    },
    mend() {
      // What was swallowed is gone, so the old connections are of no use to anybody.
      if (state === 'hanging') drop()
      state = 'open'
    },
    async close() {
      drop()
      await new Promise<void>((resolve) => server.close(() => resolve()))
    },
  }
}
