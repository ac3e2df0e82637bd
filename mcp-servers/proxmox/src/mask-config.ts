import { createHash } from 'node:crypto'
import { looksSecretName, MASKED, maskText } from '@watchkeeper/mcp-shared'
import type { Row } from './rows.ts'

/** Cloud-init: the password (a hash of it, or itself) and the keys of people; both are credentials or lead to persons. */
const SECRET_KEYS = /^(cipassword|sshkeys|cicustom-password)$/
/** Free text that people and other programs fill: hooks, raw QEMU arguments, container environments, notes. */
const FREE_TEXT = /^(args|description|notes|comment|env|entrypoint|lxc|hookscript|smbios1)$/

/**
 * A guest's configuration as it may be shown: cloud-init credentials by size only, fields with secret names masked, and
 * every text searched for the shapes of secrets; environments and arguments word by word.
 */
export function maskConfig(config: Row): Record<string, string | number | boolean> {
  return Object.fromEntries(
    Object.entries(config).flatMap(([key, value]) => {
      const shown = maskValue(key, value)
      return shown === undefined ? [] : [[key, shown]]
    }),
  )
}

export function maskValue(key: string, value: unknown): string | number | boolean | undefined {
  if (value === undefined || value === null) return undefined
  const written = typeof value === 'string' ? value : JSON.stringify(value)
  if (SECRET_KEYS.test(key) || looksSecretName(key)) return `${MASKED} (${written.length} characters)`
  if (typeof value === 'number' || typeof value === 'boolean') return value
  if (FREE_TEXT.test(key)) return maskText(maskPairs(decoded(written)))
  return maskText(maskPairs(written))
}

/** `name=value` pairs, as in `-fw_cfg name=opt/x,string=…` and in environments: by the name, whatever parts them. */
function maskPairs(text: string): string {
  return text.replace(/([\w.-]{1,64})=([^\s,;&\u0000]{1,4096})/g, (pair, name: string) =>
    looksSecretName(name) ? `${name}=${MASKED}` : pair,
  )
}

/** Proxmox VE keeps some texts percent-encoded, which would hide the shape of a secret. */
function decoded(text: string): string {
  if (!/%[0-9A-Fa-f]{2}/.test(text)) return text
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

/** Eight hexadecimal digits that tell two values apart and show neither. */
export function shortHash(text: string): string {
  return createHash('sha256').update(text, 'utf8').digest('hex').slice(0, 8)
}
