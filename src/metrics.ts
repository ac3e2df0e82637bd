import { Counter, Gauge, Histogram, Registry } from 'prom-client'
import type { Observe } from './domain/observe.ts'

/** The process's own figures, in Prometheus' text format at `/metrics`. */
export interface Metrics {
  registry: Registry
  observe: Observe
  failures: Counter<'part'>
  /** Shows how many things a person has to mend about a part, as they are when somebody looks. */
  troubles(part: string, list: () => readonly string[]): void
  incompleteWebhooks: Counter<'reason'>
}

export function createMetrics(): Metrics {
  const registry = new Registry()
  const steps = new Histogram({
    name: 'watchkeeper_step_seconds',
    help: 'Duration of each graph node and each call that leaves the process.',
    labelNames: ['point', 'result'],
    buckets: [0.005, 0.02, 0.1, 0.5, 2, 10, 60],
    registers: [registry],
  })
  const failures = new Counter({
    name: 'watchkeeper_failures_total',
    help: 'Things that went wrong in the background, by part.',
    labelNames: ['part'],
    registers: [registry],
  })
  const troubled = new Map<string, () => readonly string[]>()
  new Gauge({
    name: 'watchkeeper_troubles',
    help: 'Things that a person has to mend, by part; the log names them.',
    labelNames: ['part'],
    registers: [registry],
    collect() {
      for (const [part, list] of troubled) this.set({ part }, list().length)
    },
  })
  const incompleteWebhooks = new Counter({
    name: 'watchkeeper_incomplete_webhooks_total',
    help: 'Webhooks whose alerts did not all arrive: cut short by Alertmanager, or too large to take.',
    labelNames: ['reason'],
    registers: [registry],
  })
  return {
    registry,
    failures,
    troubles: (part, list) => void troubled.set(part, list),
    incompleteWebhooks,
    async observe(point, work) {
      const end = steps.startTimer({ point })
      try {
        const result = await work()
        end({ result: 'ok' })
        return result
      } catch (error) {
        end({ result: 'error' })
        throw error
      }
    },
  }
}
