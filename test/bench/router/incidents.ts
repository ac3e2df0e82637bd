import type { ModelFault, Script, ScriptedTurn } from '../../simulators/model-faults.ts'

/** One scripted incident: what each model does about it, and what is known of it beforehand. */
export interface ScriptedIncident {
  name: string
  local: Script
  cloud: Script
  critical?: boolean
  neverLeaves?: boolean
}

const LOOK: ScriptedTurn = { tool: 'kubernetes.describe', args: { name: 'cart' } }

/** Looks once, then concludes with what it saw, or with what it did not see. */
function working(quote = 'OOMKilled'): Script {
  return ({ text }) => (text.includes('last_reason') ? conclusion(quote) : LOOK)
}

function conclusion(quote: string): ScriptedTurn {
  const claims = [{ text: 'The container was killed for its memory.', cites: [{ evidence: 'e2', quote }] }]
  const causes = [{ title: 'Too little memory', confidence: 0.7, claims }]
  return {
    tool: 'conclude',
    args: { finding: 'cause_found', summary: 'It needs more memory.', causes, claims: [], next: '' },
  }
}

const always =
  (fault: ModelFault): Script =>
  () => ({ ...LOOK, fault })

const LOCAL_FAULTS: readonly ModelFault[] = ['hang', 'trickle', 'malformed', 'invented', 'cut', 'refuse', '500', '429']
const CLOUD_FAULTS: readonly ModelFault[] = ['hang', 'trickle', 'malformed', 'invented', 'cut', 'refuse', '429', '529']

/** Most are ordinary; then every failure of each model, evidence that is not there, critical ones, and ones that stay at home. */
export function scriptedIncidents(): ScriptedIncident[] {
  const ordinary = Array.from({ length: 12 }, (_, i) => ({ name: `ordinary ${i}`, local: working(), cloud: working() }))
  return [
    ...ordinary,
    ...LOCAL_FAULTS.map((fault) => ({ name: `local ${fault}`, local: always(fault), cloud: working() })),
    ...CLOUD_FAULTS.map((fault) => ({ name: `cloud ${fault}`, local: working('never said'), cloud: always(fault) })),
    { name: 'evidence that does not hold', local: working('never said'), cloud: working() },
    { name: 'critical', local: working(), cloud: working(), critical: true },
    { name: 'stays at home', local: working(), cloud: working(), neverLeaves: true },
    {
      name: 'stays at home, and fails',
      local: always('malformed'),
      cloud: working(),
      neverLeaves: true,
      critical: true,
    },
  ]
}
