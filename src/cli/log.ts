import { type Logger, pino } from 'pino'

/** JSON lines on stdout, a level each; secrets never get this far, but their usual names are cut all the same. */
export function createLog(level: string): Logger {
  return pino({
    level,
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label) => ({ level: label }) },
    redact: ['token', 'password', '*.token', '*.password', 'authorization', '*.authorization'],
  })
}
