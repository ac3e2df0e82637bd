import type { Mode, Place, Signal } from '../domain/inference.ts'

export type { Mode, Place, Signal }

/** Why a model is asked, for the record and for the card. */
export interface Reason {
  /** `mode`: the order of the mode; `fallback`: the one before could not be had; else the signal that escalated. */
  reason: 'mode' | 'fallback' | Signal
  because: string
}

export interface Step {
  place: Place
  why: Reason
}

export interface Circumstances {
  mode: Mode
  /** The cloud may be asked: there is one, and nothing says that this incident never leaves. */
  cloudAllowed: boolean
  localThere: boolean
  /** Signals that are known before anybody is asked. */
  known: readonly (Reason & { reason: Signal })[]
  /** Signals that escalate in this installation. */
  escalateOn: readonly Signal[]
}

/** Who is asked first. Pure: the whole of what a mode means, with `afterwards`. Undefined: nobody. */
export function first(given: Circumstances): Step | undefined {
  const { mode, cloudAllowed, localThere, known, escalateOn } = given
  const bySignal = known.find(({ reason }) => escalateOn.includes(reason) || reason === 'person')
  switch (mode) {
    case 'off':
      return undefined
    case 'local_only':
      return localThere ? { place: 'local', why: { reason: 'mode', because: 'the mode is local_only' } } : undefined
    case 'cloud_only':
      return cloudAllowed ? { place: 'cloud', why: { reason: 'mode', because: 'the mode is cloud_only' } } : undefined
    case 'cloud_first':
      if (cloudAllowed) return { place: 'cloud', why: { reason: 'mode', because: 'the mode is cloud_first' } }
      return localThere
        ? { place: 'local', why: { reason: 'fallback', because: 'the cloud may not be asked' } }
        : undefined
    case 'local_first':
      if (cloudAllowed && bySignal) return { place: 'cloud', why: bySignal }
      if (localThere) return { place: 'local', why: { reason: 'mode', because: 'the mode is local_first' } }
      return cloudAllowed && escalateOn.includes('unavailable')
        ? { place: 'cloud', why: { reason: 'unavailable', because: 'there is no local model' } }
        : undefined
  }
}

/** Who is asked after `tried` came to nothing, for the signal it left; undefined: nobody. */
export function afterwards(
  { mode, cloudAllowed, localThere, escalateOn }: Circumstances,
  tried: Place,
  left: Reason & { reason: Signal },
): Step | undefined {
  if (tried === 'local' && mode === 'local_first' && cloudAllowed && escalateOn.includes(left.reason))
    return { place: 'cloud', why: left }
  if (tried === 'cloud' && (mode === 'cloud_first' || mode === 'local_first') && localThere)
    return { place: 'local', why: { reason: 'fallback', because: left.because } }
  return undefined
}
