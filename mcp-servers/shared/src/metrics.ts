import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'
import type { Observer } from './call.ts'

export type Metrics = { observe: Observer; text: () => Promise<string>; contentType: string }

/** Counts and times of calls in Prometheus' format, in a registry of its own. */
export function callMetrics(sessions: () => number): Metrics {
  const registry = new Registry()
  const registers = [registry]
  collectDefaultMetrics({ register: registry })
  const calls = new Counter({
    name: 'watchkeeper_mcp_calls_total',
    help: 'Tool calls that ended, by tool, effect and result code.',
    labelNames: ['tool', 'effect', 'code'],
    registers,
  })
  const seconds = new Histogram({
    name: 'watchkeeper_mcp_call_seconds',
    help: 'How long tool calls took.',
    labelNames: ['tool'],
    buckets: [0.005, 0.02, 0.1, 0.5, 1, 5, 15, 60],
    registers,
  })
  new Gauge({
    name: 'watchkeeper_mcp_sessions',
    help: 'Open HTTP sessions.',
    registers,
    collect() {
      this.set(sessions())
    },
  })
  return {
    observe({ tool, effect, code, milliseconds }) {
      calls.inc({ tool, effect, code })
      seconds.observe({ tool }, milliseconds / 1000)
    },
    text: () => registry.metrics(),
    contentType: registry.contentType,
  }
}
