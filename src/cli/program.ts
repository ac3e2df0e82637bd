import { Command } from 'commander'
import { OperatorError } from '../domain/errors.ts'
import type { InvestigateOptions } from './investigate.ts'

type Environment = Readonly<Record<string, string | undefined>>

/** Runs the command line and answers the exit code. A person's mistake is a sentence on stderr, a bug has its stack. */
export async function run(argv: readonly string[], env: Environment): Promise<number> {
  let code = 0
  const program = new Command('watchkeeper')
    .description('Stands the watch: alerts in, a plan you approve with a tap, a verified fix, and a record of it.')
    .showSuggestionAfterError()
    .exitOverride()
  const does =
    (work: (...args: string[]) => Promise<number>) =>
    async (...args: unknown[]) => {
      code = await work(...args.filter((arg): arg is string => typeof arg === 'string'))
    }

  program
    .command('serve')
    .description('run the agent')
    .action(does(async () => await (await import('./serve.ts')).serve(env)))
  program
    .command('doctor')
    .description('say which parts are real, embedded, missing or broken, and how to mend them')
    .action(does(async () => await (await import('./doctor.ts')).doctor(env)))
  program
    .command('receive')
    .argument('<file>', 'the body of an Alertmanager webhook')
    .option('--url <url>', 'where the agent listens')
    .option('--token <token>', 'the webhook token')
    .description('post a payload to a running agent')
    .action(async (file: string, options: { url?: string; token?: string }) => {
      code = await (await import('./receive-command.ts')).receiveCommand(file, options, env)
    })
  program
    .command('freeze')
    .description('let nothing run, on any replica, until thaw')
    .action(does(async () => await (await import('./freeze.ts')).freezeCommand('freeze', env)))
  program
    .command('thaw')
    .description('end the freeze')
    .action(does(async () => await (await import('./freeze.ts')).freezeCommand('thaw', env)))
  program
    .command('login')
    .argument('<name>', 'one of PEOPLE')
    .description('print a link into the console for somebody, good once and for 15 minutes')
    .action(does(async (name = '') => await (await import('./login.ts')).loginCommand(name, env)))
  const runbook = program.command('runbook').description('work on runbooks')
  runbook
    .command('lint')
    .argument('[path]', 'a folder of runbooks, or one of its files; RUNBOOKS_DIR unless named')
    .description('find what is wrong in runbooks, with file, line and what to change')
    .action(async (path: string | undefined) => {
      code = await (await import('./runbook-lint.ts')).lintCommand(path, env)
    })
  program
    .command('index')
    .option('--rebuild', 'make the whole index again; until it is whole, searches use the old one')
    .option('--status', 'say what is in it, and change nothing')
    .description('read runbooks, KNOWLEDGE_DIRS and past decisions into the index, as far as they have changed')
    .action(async (options: { rebuild?: boolean; status?: boolean }) => {
      code = await (await import('./index-command.ts')).indexCommand(options, env)
    })
  program
    .command('investigate')
    .argument(
      '[words...]',
      'a runbook, clusters, minutes, label=value, side-by-side; all clusters for 10 minutes unless told',
    )
    .option('--runbook <id>', 'the runbook whose checks are made')
    .option('--cluster <names...>', 'clusters to look at')
    .option('--minutes <n>', 'how long it may take')
    .option('--side-by-side', 'all clusters at once')
    .option('--question <text>', 'what you want to know')
    .option('--request <file>', 'what to look into, from a file')
    .option('--pending', 'take the requests that lie in the folder requests under DATA_DIR')
    .description('look into clusters, change nothing, and write a report')
    .action(async (words: string[], options: InvestigateOptions) => {
      code = await (await import('./investigate.ts')).investigateCommand(words, options, env)
    })
  program
    .command('replay')
    .argument('<id>', 'an investigation, or a file with its record')
    .description('run a recorded investigation again, without any network')
    .action(does(async (id = '') => await (await import('./replay.ts')).replayCommand(id, env)))
  program
    .command('eval')
    .option('--scenarios <folders...>', 'folders of recorded incidents; those of the project unless named')
    .option('--models <which>', 'scripted: each follows its script; env: those that are configured', 'scripted')
    .option('--json', 'print the figures as JSON')
    .description('play recorded incidents, and say how many are answered rightly')
    .action(async (options: { scenarios?: string[]; models?: string; json?: boolean }) => {
      code = await (await import('./eval.ts')).evalCommand(options, env)
    })
  const audit = program.command('audit').description('look at the ledger')
  audit
    .command('verify')
    .option('--head <seq:hash>', 'a head that was published: entries cut off since then are noticed')
    .description('recompute the chain and name the first bad entry')
    .action(async ({ head }: { head?: string }) => {
      code = await (await import('./audit.ts')).verifyCommand(head, env)
    })
  const tools = program.command('tools').description('work on MCP servers')
  tools
    .command('accept')
    .argument('<server>', 'its name in the configuration')
    .description('accept the tools of a server as they are now')
    .action(does(async (server = '') => await (await import('./tools-accept.ts')).acceptCommand(server, env)))

  try {
    await program.parseAsync([...argv])
  } catch (error) {
    return explain(error)
  }
  return code
}

function explain(error: unknown): number {
  if (error instanceof Error && 'exitCode' in error && typeof error.exitCode === 'number') return error.exitCode
  if (error instanceof OperatorError) {
    process.stderr.write(`${error.message}\n`)
    return 1
  }
  throw error
}
