/** What listens on this host and port, as an address: IPv6 in brackets. */
export function addressOf(host: string, port: number): string {
  return `http://${host.includes(':') ? `[${host}]` : host}:${port}`
}

/** The same for who asks from this machine: what listens everywhere is reached on the loopback address. */
export function nearAddressOf(host: string, port: number): string {
  return addressOf(host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '::1' : host, port)
}
