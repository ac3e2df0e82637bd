import { randomBytes } from 'node:crypto'
import { readConfig } from '../../../src/config.ts'
import { MODES, type Mode } from '../../../src/domain/inference.ts'
import { memoryCalls } from '../../../src/inference/memory-calls.ts'
import { neverLeaves } from '../../../src/inference/never-leaves.ts'
import { openInference } from '../../../src/inference/open-inference.ts'
import { readPrompt } from '../../../src/inference/prompts.ts'
import { investigator } from '../../../src/investigation/investigate.ts'
import type { Looking } from '../../../src/investigation/port.ts'
import { startAnthropic } from '../../simulators/anthropic/server.ts'
import { startOllama } from '../../simulators/ollama/server.ts'
import { type ScriptedIncident, scriptedIncidents } from './incidents.ts'

export interface Played {
  incidents: number
  /** As the simulated cloud counted them. */
  cloud_calls: number
  cost_usd: number
  escalated: number
  /** Cloud calls without a reason on record. */
  without_reason: number
  concluded: number
}

export interface Play {
  modes: Record<Mode, Played>
  never_leaves_cloud_calls: number
}

const LOOKING: Looking = {
  tools: async () => [
    {
      name: 'kubernetes.describe',
      description: 'One object.',
      parameters: {
        type: 'object',
        properties: { name: { type: 'string' } },
        required: ['name'],
        additionalProperties: false,
      },
    },
  ],
  look: async () => ({ ok: true, summary: 'cart, restarted', result: { last_reason: 'OOMKilled' } }),
}

/** Every incident in every mode, against simulated models; what the cloud saw is counted there. */
export async function play(): Promise<Play> {
  const incidents = scriptedIncidents()
  const modes = {} as Record<Mode, Played>
  let neverLeavesCalls = 0
  for (const mode of MODES) {
    const total: Played = { incidents: 0, cloud_calls: 0, cost_usd: 0, escalated: 0, without_reason: 0, concluded: 0 }
    for (const [id, incident] of incidents.entries()) {
      const one = await playOne(mode, id + 1, incident)
      for (const key of Object.keys(total) as (keyof Played)[]) total[key] += one[key]
      if (incident.neverLeaves) neverLeavesCalls += one.cloud_calls
    }
    modes[mode] = { ...total, cost_usd: Number(total.cost_usd.toFixed(6)) }
  }
  return { modes, never_leaves_cloud_calls: neverLeavesCalls }
}

/** Each with models and a router of its own, so that one incident's breaker is not another's. */
async function playOne(mode: Mode, id: number, incident: ScriptedIncident): Promise<Played> {
  const ollama = await startOllama({ script: incident.local, trickleMs: 50 })
  const anthropic = await startAnthropic({ script: incident.cloud, trickleMs: 100 })
  const { inference: read } = readConfig({
    OLLAMA_HOST: ollama.url,
    ANTHROPIC_API_KEY: 'sk-simulated-key',
    ANTHROPIC_BASE_URL: anthropic.url,
    BUDGET_INCIDENT_USD: '100',
    BUDGET_DAY_USD: '100',
    BUDGET_MONTH_USD: '100',
  })
  const hurry = { deadlineMs: 1_000 }
  const config = {
    ...read,
    ollama: read.ollama && { ...read.ollama, deadlineMs: 400 },
    claude: read.claude && { ...read.claude, ...hurry },
  }
  const book = memoryCalls(config.budget, () => new Date())
  const inference = await openInference(config, {
    calls: book,
    placeholderKey: randomBytes(32),
    people: [],
    mode: () => mode,
    now: Date.now,
  })
  try {
    const report = await investigator({
      router: inference.router,
      looking: LOOKING,
      prompt: readPrompt('investigate'),
      neverLeaves: neverLeaves(config.neverLeaves),
      now: Date.now,
    }).investigate({
      incident: id,
      severity: incident.critical ? 'critical' : 'warning',
      labels: { alertname: 'KubePodCrashLooping', ...(incident.neverLeaves && { never_leaves: 'true' }) },
      annotations: { summary: 'cart restarts' },
      known: [],
      required: [],
      signals: [],
      deadlineMs: 20_000,
    })
    const cloud = book.calls.filter(({ place }) => place === 'cloud')
    return {
      incidents: 1,
      cloud_calls: anthropic.calls().length,
      cost_usd: cloud.reduce((sum, { end, reservedMicroUsd }) => sum + (end?.microUsd ?? reservedMicroUsd), 0) / 1e6,
      escalated: mode === 'local_first' && cloud.length > 0 ? 1 : 0,
      without_reason: cloud.filter(
        ({ reason, because }) => reason === '' || because === '' || (mode === 'local_first' && reason === 'mode'),
      ).length,
      concluded: report.ending === 'concluded' ? 1 : 0,
    }
  } finally {
    await Promise.all([inference.close(), ollama.stop(), anthropic.stop()])
  }
}
