import { isIP } from 'node:net'
import type { MiddlewareHandler } from 'hono'
import type { ConsoleOptions } from './ports.ts'

const headers: Record<string, string> = {
  'content-security-policy':
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  // Not no-referrer: that would make the Origin of our own forms null.
  'referrer-policy': 'same-origin',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
}

/**
 * Lets in only requests that name this console as their host, so that a foreign name that was pointed at this address (DNS
 * rebinding) reaches nothing, and sets the headers that keep pages from running or embedding anything foreign.
 */
export function guard(options: ConsoleOptions): MiddlewareHandler {
  const known = knownHosts(options)
  return async (c, next) => {
    const host = (c.req.header('host') ?? new URL(c.req.url).host).toLowerCase()
    if (!known(host))
      return c.text('This console does not answer to that name. Set PUBLIC_URL to the address people use.', 421)
    await next()
    for (const [name, value] of Object.entries(headers)) c.header(name, value)
    if (!c.res.headers.has('cache-control')) c.header('cache-control', 'no-store')
  }
}

/** Whether a request that changes something was sent by one of our own pages, as far as the browser tells. */
export function sentByUs(options: ConsoleOptions, request: Request): boolean {
  const site = request.headers.get('sec-fetch-site')
  if (site !== null && site !== 'same-origin') return false
  const origin = request.headers.get('origin')
  if (origin === null) return true
  return URL.canParse(origin) && knownHosts(options)(new URL(origin).host.toLowerCase())
}

function knownHosts({ host, port, publicUrl }: ConsoleOptions): (name: string) => boolean {
  const everywhere = host === '0.0.0.0' || host === '::'
  const own = [host.includes(':') ? `[${host}]` : host, 'localhost', '127.0.0.1', '[::1]']
  const names = new Set(own.map((name) => `${name}:${port}`.toLowerCase()))
  if (port === 80) for (const name of own) names.add(name)
  if (publicUrl !== undefined) names.add(new URL(publicUrl).host.toLowerCase())
  // An address cannot be rebound: only a name can come to mean another machine.
  return (name) => names.has(name) || (everywhere && isAddress(name, port))
}

function isAddress(host: string, port: number): boolean {
  const [, bracketed, plain, given] = /^(?:\[([^\]]+)\]|([^:]+))(?::(\d+))?$/.exec(host) ?? []
  return isIP(bracketed ?? plain ?? '') !== 0 && Number(given ?? 80) === port
}
