import type { Format } from '../domain/runbook.ts'
import { parseDuration } from './durations.ts'

/** The value a tool gets, or the end of a sentence that began with "…, which": what it should have been. */
export type Fitted = { readonly value: string | number } | { readonly wanted: string }

const LABEL = '[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?'
const HOST_LABEL = '[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?'
const DNS_LABEL = new RegExp(`^${LABEL}$`)
const DNS_NAME = new RegExp(`^${LABEL}(?:\\.${LABEL})*$`)
const WORKLOAD = new RegExp(`^(?:deployment|statefulset|daemonset)/(${LABEL}(?:\\.${LABEL})*)$`)
const NODE_NAME = new RegExp(`^(${HOST_LABEL}(?:\\.${HOST_LABEL})*)(?::[0-9]{1,5})?$`)
const QUANTITY = /^[0-9]{1,15}(?:\.[0-9]{1,9})?(?:[kMGTPE]|[KMGTPE]i|m)?$/
const GUEST_ID = /^(?:(?:qemu|lxc)\/)?([1-9][0-9]{2,8})$/
const INTEGER = /^-?[0-9]{1,15}$/
const MAX_NAME = 253
const MAX_TEXT = 256

/** One entry a format: what it wants, in words, and what it makes of a value (undefined: does not fit). */
interface FormatRule {
  readonly wanted: string
  fit(value: string | number): string | number | undefined
}

const RULES: Readonly<Record<Format, FormatRule>> = {
  'dns-label': {
    wanted: 'one name of lowercase letters, digits and inner hyphens, up to 63 characters',
    fit: (value) => matching(value, DNS_LABEL),
  },
  'dns-name': {
    wanted: 'a name of lowercase letters, digits, inner hyphens and dots, up to 253 characters',
    fit: (value) => matching(value, DNS_NAME),
  },
  workload: {
    wanted: 'a kind and a name such as `deployment/cart` (deployment, statefulset or daemonset)',
    fit: (value) => matching(value, WORKLOAD),
  },
  'node-name': {
    wanted: 'a host name or an IPv4 address, with or without a port',
    // Alerts name a node by its scrape address as often as by its name: the port is the exporter's, not the node's.
    fit: (value) => captured(value, NODE_NAME),
  },
  integer: {
    wanted: 'an integer of up to 15 digits',
    fit: (value) => integer(value),
  },
  quantity: {
    wanted: 'an amount as Kubernetes writes it, such as `512Mi`, `1.5` or `250m`',
    fit: (value) => (typeof value === 'number' ? amount(value) : matching(value, QUANTITY)),
  },
  'guest-id': {
    wanted: 'the number of a guest from 100 on, with or without `qemu/` or `lxc/` before it',
    fit: (value) => integer(captured(String(value), GUEST_ID)),
  },
  duration: {
    wanted: 'a time such as `90s`, `10m` or `1h30m`',
    fit: (value) => (typeof value === 'string' && parseDuration(value) !== undefined ? value : undefined),
  },
  text: {
    wanted: `up to ${MAX_TEXT} characters of plain text in one line`,
    fit: (value) => plainText(String(value)),
  },
}

/** The names of all formats. */
export const FORMATS: readonly Format[] = Object.keys(RULES).filter((name): name is Format => name in RULES)

/**
 * Makes a value from outside fit a format, or says what was wanted. `integer` and `guest-id` give numbers, `node-name`
 * loses its port; all else comes out as it went in. Only text and numbers can fit anything.
 *
 * Sources: RFC 1123 names as Kubernetes narrows them, Kubernetes resource quantities, Proxmox VMIDs (100 and up).
 */
export function fitFormat(value: unknown, format: Format): Fitted {
  const rule = RULES[format]
  const fitted = typeof value === 'string' || typeof value === 'number' ? rule.fit(value) : undefined
  return fitted === undefined ? { wanted: rule.wanted } : { value: fitted }
}

function matching(value: string | number, pattern: RegExp): string | undefined {
  return typeof value === 'string' && value.length <= MAX_NAME + 20 && pattern.test(value) ? value : undefined
}

function captured(value: string | number, pattern: RegExp): string | undefined {
  if (typeof value !== 'string' || value.length > MAX_NAME) return undefined
  return pattern.exec(value)?.[1]
}

function integer(value: string | number | undefined): number | undefined {
  if (typeof value === 'number') return Number.isSafeInteger(value) && Math.abs(value) < 1e15 ? value : undefined
  return value !== undefined && INTEGER.test(value) ? Number(value) : undefined
}

function amount(value: number): number | undefined {
  return Number.isFinite(value) && value >= 0 && value <= Number.MAX_SAFE_INTEGER ? value : undefined
}

/** Refused: control, format (bidirectional, zero-width), private, unassigned characters, lone surrogates, line breaks. */
function plainText(value: string): string | undefined {
  const fits = value.trim() !== '' && value.length <= MAX_TEXT && !/[\p{C}\p{Zl}\p{Zp}]/u.test(value)
  return fits ? value : undefined
}
