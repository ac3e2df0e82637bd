import { loginLink } from '../chat/console/login-link.ts'
import { postgresSessions } from '../chat/console/sessions.ts'
import { readConfig } from '../config.ts'
import { OperatorError } from '../domain/errors.ts'
import { withDatabase } from './with-database.ts'

/** Prints a link into the console, for whoever may reach the database: the same as /login, where there is no bot. */
export async function loginCommand(name: string, env: Readonly<Record<string, string | undefined>>): Promise<number> {
  const config = readConfig(env)
  if (!config.console) throw new OperatorError('There is no console to sign in to: CONSOLE is off. Switch it on first.')
  if (config.publicUrl === undefined && config.port === 0)
    throw new OperatorError(
      'With PORT=0 nobody knows where the console is. Set PORT or PUBLIC_URL to where it listens.',
    )
  const address = config.publicUrl ?? `http://${config.host}:${config.port}`
  const link = await withDatabase(
    config,
    async (sql) =>
      await loginLink(
        postgresSessions(sql, () => config.people),
        address,
        name,
      ),
  )
  process.stdout.write(`Sign in as ${name} within 15 minutes, once: ${link}\n`)
  return 0
}
