import { CallerError } from '@watchkeeper/mcp-shared'

const FACTORS: Readonly<Record<string, number>> = {
  '': 1,
  n: 1e-9,
  u: 1e-6,
  m: 1e-3,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  P: 1e15,
  E: 1e18,
  Ki: 1024,
  Mi: 1024 ** 2,
  Gi: 1024 ** 3,
  Ti: 1024 ** 4,
  Pi: 1024 ** 5,
  Ei: 1024 ** 6,
}

const QUANTITY = /^(\d+(?:\.\d+)?|\.\d+)(?:([numkMGTPE]|[KMGTPE]i)|[eE]([+-]?\d{1,2}))?$/

/**
 * The value of a Kubernetes quantity in its base unit (bytes, cores); undefined when it is none.
 * Source: https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/
 */
export function parseQuantity(text: string): number | undefined {
  const match = QUANTITY.exec(text)
  if (!match) return undefined
  const factor = match[3] === undefined ? FACTORS[match[2] ?? ''] : 10 ** Number(match[3])
  return factor === undefined ? undefined : Number(match[1]) * factor
}

/** Bytes of a memory quantity, rounded up; null when absent or unreadable. */
export function memoryBytes(text: string | undefined): number | null {
  const value = text === undefined ? undefined : parseQuantity(text)
  return value === undefined ? null : Math.ceil(value)
}

/** Millicores of a CPU quantity, rounded up; null when absent or unreadable. */
export function milliCores(text: string | undefined): number | null {
  const value = text === undefined ? undefined : parseQuantity(text)
  return value === undefined ? null : Math.ceil(Math.round(value * 1e6) / 1e3)
}

/** Bytes as people write them, in the largest unit that divides: 1610612736 is 1536Mi, 2147483648 is 2Gi. */
export function memoryText(bytes: number): string {
  for (const unit of ['Gi', 'Mi', 'Ki'] as const) {
    const factor = FACTORS[unit] ?? 1
    if (bytes % factor === 0) return `${bytes / factor}${unit}`
  }
  return String(bytes)
}

const MEMORY_RANGE = [4 * 1024 ** 2, 16 * 1024 ** 4] as const
const CPU_RANGE = [1, 1_024_000] as const

/**
 * Memory as it will be written: an integer is bytes, text a quantity. Refuses what is no sensible amount, because
 * `512m` is half a byte and has taken services down.
 */
export function memoryArgument(field: string, value: string | number): string {
  const bytes = typeof value === 'number' ? value : memoryBytes(value)
  if (bytes === null) throw new CallerError('invalid', `${field} must be a quantity such as "512Mi", not "${value}".`)
  if (bytes < MEMORY_RANGE[0] || bytes > MEMORY_RANGE[1])
    throw new CallerError('invalid', `${field} of ${value} is ${bytes} bytes; it must be between 4Mi and 16Ti.`)
  return typeof value === 'number' || /^\d+$/.test(value) ? memoryText(bytes) : value
}

/** CPU as it will be written: an integer is millicores, text a quantity in cores (`"2"`, `"500m"`). */
export function cpuArgument(field: string, value: string | number): string {
  const milli = typeof value === 'number' ? value : milliCores(value)
  if (milli === null) throw new CallerError('invalid', `${field} must be a quantity such as "500m", not "${value}".`)
  if (milli < CPU_RANGE[0] || milli > CPU_RANGE[1])
    throw new CallerError(
      'invalid',
      `${field} of ${value} is ${milli} millicores; it must be between 1m and 1024 cores.`,
    )
  return typeof value === 'number' ? (milli % 1000 === 0 ? String(milli / 1000) : `${milli}m`) : value
}
