import type { JsonObject } from '../domain/json.ts'
import type { PlayedScenario } from './play-scenario.ts'
import type { RecordedLook, Scenario, Script, ScriptedTurn } from './scenario.ts'

/** Arguments that nobody recorded. */
const ASTRAY = 'nobody-recorded-this'

/**
 * A script for a recording that has none: it asks for all that was recorded, once for something that was not, and concludes with
 * the first words it saw. So the machinery can be tried on recordings that were made for models.
 */
export function walkOf({ looks, known }: Scenario): Script {
  const calls = distinct(looks)
  const [first] = calls
  const turns = calls.map(({ tool, args }): ScriptedTurn => ({ kind: 'look', tool, args: plainly(args) }))
  const stray = first && astray(first)
  const id = first ? `e${known.length + 2}` : 'e1'
  const quote = first ? wordsOf(first) : 'alertname'
  const claims = [{ text: 'This was seen.', cites: [{ evidence: id, quote }] }]
  const args = {
    finding: 'cause_found',
    summary: 'Walked.',
    causes: [{ title: 'Seen', confidence: 0.5, claims }],
    claims: [],
    next: '',
  }
  return {
    local: [...turns, ...(stray ? [stray] : []), { kind: 'conclude', args }],
    cloud: [],
  }
}

/** What is wrong with the walk: a recording that was not found or not its own, or a stray call that found something. */
export function judgeWalk({ looks }: Scenario, { report, asked }: PlayedScenario): string[] {
  const wrong: string[] = []
  if (report.ending !== 'concluded' || report.unsupported > 0) wrong.push(`The walk ended with ${report.ending}.`)
  const calls = distinct(looks)
  for (const look of calls) {
    const item = report.evidence.find(({ source }) => source === sourceOf(look))
    if (!item?.text.includes(wordsOf(look))) wrong.push(`${look.tool} did not answer with what was recorded for it.`)
  }
  const found = asked.filter((call) => call.found).length
  if (found !== calls.length) wrong.push(`${found} calls were answered, and ${calls.length} were recorded.`)
  return wrong
}

/** The first of each call: what was recorded twice for the same arguments can be reached once. */
function distinct(looks: readonly RecordedLook[]): RecordedLook[] {
  const seen = new Set<string>()
  return looks.filter((look) => {
    const source = sourceOf(look)
    if (seen.has(source)) return false
    seen.add(source)
    return true
  })
}

function sourceOf({ tool, args }: RecordedLook): string {
  return `tool ${tool} ${JSON.stringify(plainly(args))}`
}

function plainly(args: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(args).map(([name, value]) => [name, value === '*' ? 'anything' : value]))
}

/** The same tool with a name that is in no recording; undefined where it takes nothing or anything. */
function astray({ tool, args }: RecordedLook): ScriptedTurn | undefined {
  const name = Object.keys(args).find((key) => typeof args[key] === 'string' && args[key] !== '*')
  return name === undefined ? undefined : { kind: 'look', tool, args: { ...plainly(args), [name]: ASTRAY } }
}

function wordsOf({ answer }: RecordedLook): string {
  const text = 'error' in answer ? answer.error : answer.summary
  return text.trim().slice(0, 60)
}
