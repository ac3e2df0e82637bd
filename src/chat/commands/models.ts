import { writeLedger } from '../../autonomy/ledger.ts'
import { MODES, type Mode } from '../../domain/inference.ts'
import { actorOf, atLeast } from '../../domain/person.ts'
import type { Amount, Spent } from '../../inference/budget.ts'
import { modeNow, setIncidentMode, setMode } from '../../inference/mode-setting.ts'
import { spentSoFar } from '../../inference/postgres-calls.ts'
import { inDollars } from '../../inference/prices.ts'
import type { Command, CommandDeps, Reply } from './command.ts'

export const modeWords: Record<Mode, string> = {
  local_first: 'the local model first, the cloud where it must',
  local_only: 'the local model alone',
  cloud_first: 'the cloud first, the local model where it must',
  cloud_only: 'the cloud alone',
  off: 'no model at all',
}

/** `/mode` shows it; `/mode local_only`, `/mode #12 off` and `/mode default` set it, for admins. */
export async function mode({ models, announcer }: CommandDeps, command: Command): Promise<Reply> {
  const configured = models?.mode ?? 'off'
  const { tx, person, incident } = command
  const wanted = command.words.replace(/#\d+/, '').trim().toLowerCase().replaceAll('-', '_')
  if (/#\d+/.test(command.words) && incident === null) return { text: 'There is no incident of that number.' }
  if (wanted === '') return { text: await shown(command, models, configured) }
  const known = wanted === 'default' ? null : MODES.find((one) => one === wanted)
  if (known === undefined)
    return { text: `There is no mode ${wanted.slice(0, 40)}. There are: ${MODES.join(', ')}, default.` }
  if (!atLeast(person.role, 'admin')) return { text: `Setting it is for admins; your role is ${person.role}.` }
  const from = await modeNow(tx, configured, incident)
  if (incident === null) await setMode(tx, known, actorOf(person))
  else await setIncidentMode(tx, incident, known)
  const to = await modeNow(tx, configured, incident)
  if (incident !== null) await announcer.card(tx, [incident])
  await writeLedger(tx, [
    {
      kind: 'mode_changed',
      incident,
      body: { from, to, set: known ?? 'default', by: person.name, channel: 'telegram' },
    },
  ])
  const where = incident === null ? 'From now on' : `From now on for #${incident}`
  return { text: `${where}: ${modeWords[to]} (${to}).` }
}

async function shown({ tx, incident }: Command, models: CommandDeps['models'], configured: Mode): Promise<string> {
  const now = await modeNow(tx, configured, incident)
  const there = models?.status() ?? []
  return [
    `${incident === null ? 'Mode' : `Mode for #${incident}`}: ${modeWords[now]} (${now}).`,
    ...there.map(({ place, model, ready }) => `${place}: ${model}, ${ready ? 'ready' : 'does not answer just now'}`),
    ...(there.length === 0 ? ['No model is set up. Set OLLAMA_HOST for a local one.'] : []),
    `Admins set it: /mode ${MODES.join(' | ')} | default, for one incident /mode #12 off`,
  ].join('\n')
}

/** What models have cost, of what they may. */
export async function budget({ models }: CommandDeps, { tx, incident }: Command): Promise<Reply> {
  if (!models) return { text: 'No model is set up, so nothing is spent.' }
  const { budget: limits } = models
  const spent: Spent = await spentSoFar(tx, incident)
  const share = Math.round(limits.keptForCritical * 100)
  const lines = [
    `Today: ${of(spent.day, limits.day)}`,
    `This month: ${of(spent.month, limits.month)}`,
    ...(incident === null
      ? [`One incident may spend ${inDollars(limits.incident.microUsd)}, ${limits.incident.calls} calls.`]
      : [
          `#${incident}: ${of(spent.incident, limits.incident)}, ${spent.incident.calls} of ${limits.incident.calls} calls`,
        ]),
    share === 0 ? '' : `The last ${share} % of day and month are kept for critical incidents.`,
    'Local models cost nothing here; day and month count the cloud alone (UTC).',
  ]
  return { text: lines.filter((line) => line !== '').join('\n') }
}

function of(gone: Amount, limit: Amount): string {
  return `${inDollars(gone.microUsd)} of ${inDollars(limit.microUsd)}, ${gone.tokens} of ${limit.tokens} tokens`
}
