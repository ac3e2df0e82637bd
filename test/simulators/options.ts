import { relative } from 'node:path'
import { type ParseArgsOptionsConfig, parseArgs } from 'node:util'

/**
 * The options of a simulator that runs as a process of its own. `--help` prints what there is and ends it; what is not an option
 * ends it with 2 and a sentence.
 */
export function optionsOf<const T extends ParseArgsOptionsConfig>(options: T, args = process.argv.slice(2)) {
  const usage = usageOf(relative(process.cwd(), process.argv[1] ?? ''), options)
  if (args.includes('--help')) {
    process.stdout.write(`${usage}\n`)
    process.exit(0)
  }
  try {
    return parseArgs({ args, options }).values
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : error}\n${usage}\n`)
    process.exit(2)
  }
}

function usageOf(script: string, options: ParseArgsOptionsConfig): string {
  const each = Object.entries(options).map(([name, { type, default: value }]) =>
    type === 'boolean' ? `[--${name}]` : `[--${name} ${value ?? name.toUpperCase().replaceAll('-', '_')}]`,
  )
  return `Usage: node ${script} ${each.join(' ')}`
}
