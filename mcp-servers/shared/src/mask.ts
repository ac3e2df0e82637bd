export const MASKED = '[masked]'

const SECRET_WORD =
  '(?:password|passwd|passphrase|pwd|secret|token|api[_.-]?key|access[_.-]?key|private[_.-]?key|credentials?)'
const SECRET_NAME = new RegExp(
  `${SECRET_WORD}|[_.-]key$|(?:^|[_.-])(?:auth|dsn|pass|salt|cookie|kubeconfig|talosconfig)(?:$|[_.-])`,
  'i',
)
// Names that point at a secret or describe one: they hold no value worth hiding, and operators need them.
const REFERENCE_NAME =
  /(?:name|names|ref|refs|path|file|keyref|namespace|type|policy|count|expiry|ttl|seconds|mount(?:service)?accounttoken|serviceaccounttoken|imagepullsecrets)$/i

// Every repetition is bounded or starts at a fixed word: log lines of any length take linear time.
const ASSIGNMENT = new RegExp(
  `(${SECRET_WORD}[\\w.-]{0,64}["']?\\s*(?:=|:\\s?)\\s*)(?!\\[masked\\])(?:"[^"]*"|'[^']*'|[^\\s"',;&}\\])]+)`,
  'gi',
)
const FLAG = new RegExp(`(--[\\w.-]{0,64}${SECRET_WORD}[\\w.-]{0,64}\\s+)(?!-|\\[masked\\])\\S+`, 'gi')

/** Values known by their shape, whatever they are called. */
const SHAPES: readonly [RegExp, string][] = [
  [/-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z0-9 ]*PRIVATE KEY-----|$)/g, MASKED],
  // The same keys in base64, as Talos and kubeconfigs carry them; the header's encoding depends on what kind of key it names.
  [
    /LS0tLS1CRUdJTi(?:BFRDI1NTE5IFBSSVZBVEUgS0VZ|BSU0EgUFJJVkFURSBLRVkt|BFQyBQUklWQVRFIEtFWS|BQUklWQVRFIEtFWS|BPUEVOU1NIIFBSSVZBVEUgS0VZ)[A-Za-z0-9+/=]*/g,
    MASKED,
  ],
  [/\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{4,}/g, MASKED],
  [/\b(?:AKIA|ASIA)[A-Z0-9]{16}\b/g, MASKED],
  [/\bgh[pousr]_[A-Za-z0-9]{20,}\b|\bgithub_pat_[A-Za-z0-9_]{20,}\b|\bglpat-[A-Za-z0-9_-]{16,}/g, MASKED],
  [
    /\bxox[abprs]-[A-Za-z0-9-]{10,}|\bsk-[A-Za-z0-9_-]{20,}|\bhv[sb]\.[A-Za-z0-9_-]{20,}|\bnpm_[A-Za-z0-9]{30,}/g,
    MASKED,
  ],
  [/\bAIza[A-Za-z0-9_-]{35}\b|\b\d{8,10}:AA[A-Za-z0-9_-]{30,}/g, MASKED],
  [/\bPVEAPIToken=\S+/g, `PVEAPIToken=${MASKED}`],
  // Bootstrap tokens of kubeadm and Talos: id.secret. Tried only at word borders, so that image tags stay readable.
  [/(?<![\w.-])[a-z0-9]{6}\.[a-z0-9]{16}(?![\w.-])/g, MASKED],
  [/\b(authorization\s*[:=]\s*["']?(?:bearer|basic|token)\s+)[^\s"']+/gi, `$1${MASKED}`],
  [/\b((?:bearer|basic)\s+)[A-Za-z0-9+/_.~-]{16,}={0,2}/gi, `$1${MASKED}`],
  [/((?<![a-z0-9+.-])[a-z][a-z0-9+.-]{0,30}:\/\/[^\s:/@]{0,256}:)[^\s@/]{1,512}@/gi, `$1${MASKED}@`],
  [/\b(client-key-data|client-certificate-data|certificate-authority-data)(\s*:\s*)\S+/g, `$1$2${MASKED}`],
]

const MAYBE_SECRET =
  /pass|pwd|secret|token|key|credential|eyJ|LS0t|A[KS]IA|gh[pousr]_|glpat|xox|sk-|hv[sb]\.|npm_|AIza|:AA|[a-z0-9]{6}\.[a-z0-9]{16}|bearer|basic|authorization|:\/\/|-data/i

/** Whether a field or variable of this name usually holds a secret value, rather than a reference to one. */
export function looksSecretName(name: string): boolean {
  return SECRET_NAME.test(name) && !REFERENCE_NAME.test(name)
}

/** Free text (a log line, an event, a config value) with everything that looks like a secret value cut out. */
export function maskText(text: string): string {
  if (!MAYBE_SECRET.test(text)) return text
  let masked = text
  for (const [shape, replacement] of SHAPES) masked = masked.replace(shape, replacement)
  return masked.replace(FLAG, `$1${MASKED}`).replace(ASSIGNMENT, `$1${MASKED}`)
}

/**
 * A copy of any JSON value with secrets masked: values by their shape, and scalar values under names that look secret.
 * References (`secretName`, `secretKeyRef`) stay, because they say where a secret is, not what it is.
 */
export function maskDeep(value: unknown): unknown {
  if (typeof value === 'string') return maskText(value)
  if (Array.isArray(value)) return value.map(maskDeep)
  if (value === null || typeof value !== 'object') return value
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => [
      name,
      typeof inner === 'string' && inner !== '' && looksSecretName(name) ? MASKED : maskDeep(inner),
    ]),
  )
}
