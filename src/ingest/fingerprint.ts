const OFFSET = 0xcbf29ce484222325n
const PRIME = 0x100000001b3n
const MASK = 0xffffffffffffffffn
const SEPARATOR = 0xff

/**
 * The fingerprint Alertmanager itself gives to a set of labels: 64-bit FNV-1a over name and value of each label in byte
 * order of the names, each followed by the byte 255, as 16 hexadecimal digits.
 * Source: `LabelSet.Fingerprint` in github.com/prometheus/common/model.
 */
export function fingerprintOf(labels: object): string {
  const entries = Object.entries(labels).map(
    ([name, value]) => [Buffer.from(name), Buffer.from(String(value))] as const,
  )
  entries.sort(([a], [b]) => Buffer.compare(a, b))
  let hash = OFFSET
  const add = (byte: number) => {
    hash = ((hash ^ BigInt(byte)) * PRIME) & MASK
  }
  for (const entry of entries) {
    for (const text of entry) {
      for (const byte of text) add(byte)
      add(SEPARATOR)
    }
  }
  return hash.toString(16).padStart(16, '0')
}
