import { SECTIONS, type Variable } from './variable.ts'
import { VARIABLES } from './variables.ts'

type Entry = Variable<unknown> & { name: string }

/** The text of `.env.example`: every variable, commented out, with its default. */
export function envExample(): string {
  const head = [
    '# Watchkeeper works without any of these. Copy this file to .env and set what you need; each replaces one part.',
    '# A secret can also be given as the name of a file: NAME_FILE.',
    '# This file is made by `node src/config/write-documents.ts` from src/config/variables.ts.',
  ]
  const sections = bySection().map(
    ([section, entries]) => `# --- ${section} ---\n\n${entries.map(example).join('\n\n')}`,
  )
  return `${[head.join('\n'), ...sections].join('\n\n')}\n`
}

function example(entry: Entry): string {
  const about = `# ${entry.about.replaceAll('`', '')}${entry.without ? ` Without it ${entry.without}.` : ''}`
  return `${about}\n#${entry.name}=${entry.default ?? ''}`
}

/** The text of `docs/configuration.md`. */
export function configurationPage(): string {
  const sections = bySection().map(([section, entries]) => `## ${section}\n\n${entries.map(described).join('\n\n')}`)
  return `${[HEAD, ...sections, TOPICS].join('\n\n')}\n`
}

function described({ name, type, about, default: fallback, without, secret }: Entry): string {
  const absent = fallback ? `Default: \`${fallback}\`.` : without ? `Without it ${without}.` : ''
  const kind = secret ? `${type}; secret, also as \`${name}_FILE\`` : type
  return `### ${name}\n\n*${kind}.* ${about} ${absent}`.trimEnd()
}

function bySection(): [string, Entry[]][] {
  const entries = Object.entries<Variable<unknown>>(VARIABLES).map(([name, variable]) => ({ name, ...variable }))
  return SECTIONS.map((section) => [section, entries.filter((entry) => entry.section === section)])
}

const HEAD = `# Configuration

Everything is set by environment variables, and nothing has to be: with none of them Watchkeeper runs on this machine
alone, with an embedded database and the console. Each variable that is set replaces one part with a real one.

An empty variable counts as unset. At start every variable that is missing or wrong is named at once, with what to set;
values are never shown. A secret can be given as the name of a file instead, in the variable's name with \`_FILE\` behind
it; spaces and line ends around the value are cut.

Durations are written as \`90s\`, \`15m\`, \`1h\` or \`1h30m\`.

This page is made from \`src/config/variables.ts\` by \`node src/config/write-documents.ts\`.`

const TOPICS = `## Topics of your own

\`TELEGRAM_TOPICS\` takes JSON where the presets do not fit. The first route whose matchers all hold decides; matchers are
written as in Alertmanager. \`reports\` and \`resolved\` may be left out: then \`fallback\` takes those too.

\`\`\`json
{
  "topics": [
    { "key": "critical", "name": "🔴 Critical Alerts" },
    { "key": "media", "name": "🎬 Media" },
    { "key": "other", "name": "🔵 Everything else" }
  ],
  "routes": [
    { "matchers": ["severity=\\"critical\\""], "topic": "critical" },
    { "matchers": ["namespace=~\\"media|arr\\"", "cluster=\\"home\\""], "topic": "media" }
  ],
  "fallback": "other",
  "reports": "other",
  "resolved": "other"
}
\`\`\``
