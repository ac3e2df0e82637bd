export const SECTIONS = [
  'This process',
  'Storage',
  'Alerts coming in',
  'People',
  'Telegram',
  'Console',
  'Alertmanager',
  'Tools and clusters',
  'Knowledge',
  'Models',
  'Reports',
  'Runbooks and limits',
] as const

/** One environment variable: what reads it, and what `.env.example` and `docs/configuration.md` say of it. */
export type Variable<T> = {
  section: (typeof SECTIONS)[number]
  /** What kind of value, in a few words. */
  type: string
  /** One or two sentences. */
  about: string
  /** Used when the variable is unset or empty; goes through `parse` like any other value. */
  default?: string
  /** What happens without a value, where there is no default. */
  without?: string
  /** Never shown anywhere; can also be given as the name of a file, in `NAME_FILE`. */
  secret?: boolean
  parse(value: string): T
}

type WithDefault<T> = Variable<T> & { default: string }
type Optional<T> = Variable<T> & { without: string; default?: never }

export const set = <T>(variable: WithDefault<T>): WithDefault<T> => variable
export const optional = <T>(variable: Optional<T>): Optional<T> => variable
