import { KEY_BEGIN, KEY_END, KEY_LINE, maskCutKeys, WHOLE_KEY } from './key-lines.ts'
import { maskKeyLines } from './key-runs.ts'
import { MASKED } from './masked.ts'

const SECRET_WORD =
  '(?:password|passwd|passphrase|pwd|secret|token|api[_.-]?key|access[_.-]?key|private[_.-]?key|(?:pre)?shared[_.-]?key|credentials?)'
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
  [WHOLE_KEY, MASKED],
  [/\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{4,}/g, MASKED],
  [/\b(?:AKIA|ASIA)[A-Z0-9]{16}\b/g, MASKED],
  [/\bgh[pousr]_[A-Za-z0-9]{20,}\b|\bgithub_pat_[A-Za-z0-9_]{20,}\b|\bglpat-[A-Za-z0-9_-]{16,}/g, MASKED],
  [
    /\bxox[abprs]-[A-Za-z0-9-]{10,}|\bsk-[A-Za-z0-9_-]{20,}|\bhv[sb]\.[A-Za-z0-9_-]{20,}|\bnpm_[A-Za-z0-9]{30,}/g,
    MASKED,
  ],
  [/\bAIza[A-Za-z0-9_-]{35}\b|\b\d{8,10}:AA[A-Za-z0-9_-]{30,}/g, MASKED],
  [/\b(?:sk|rk)_(?:live|test)_[A-Za-z0-9]{16,}|\bhooks\.slack\.com\/services\/[\w/]{8,}/g, MASKED],
  // PEM in base64, as kubeconfigs and machine configs carry certificates and keys; and what Ceph calls a key.
  [/\bLS0tLS1CRUdJTi[A-Za-z0-9+/]{16,}={0,2}|\bAQ[A-Za-z0-9+/]{36}==/g, MASKED],
  // Password hashes as crypt(3) writes them: cloud-init and /etc/shadow.
  [/\$(?:1|2[abxy]?|5|6|7|y|gy|argon2(?:id?|d))\$[A-Za-z0-9./$,=+-]{12,}/g, MASKED],
  // Join tokens of k3s and of Docker.
  [/\bK10[0-9a-f]{40,}::[\w.:-]+|\bSWMTKN-1-[a-z0-9-]{20,}/g, MASKED],
  [/\bPVEAPIToken=\S+/g, `PVEAPIToken=${MASKED}`],
  [/([\w.-]{1,64}@[\w-]{1,32}![\w.-]{1,64}[=:\s]\s?)[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/gi, `$1${MASKED}`],
  // Bootstrap tokens of kubeadm and Talos: id.secret. Tried only at word borders, so that image tags stay readable; what is
  // called an event and ends in a time is one.
  [/(?<![\w.-])(?!(?<=\b[Ee]vents?[/ ])\w{6}\.1[4-9a-f][0-9a-f]{14}\b)[a-z0-9]{6}\.[a-z0-9]{16}(?![\w.-])/g, MASKED],
  [/\b(authorization\s*[:=]\s*["']?(?:bearer|basic|token)\s+)[^\s"']+/gi, `$1${MASKED}`],
  [/\b((?:bearer|basic)\s+)[A-Za-z0-9+/_.~-]{16,}={0,2}/gi, `$1${MASKED}`],
  // Up to the last @ of the authority: a password may hold one that nobody escaped.
  [/((?<![a-z0-9+.-])[a-z][a-z0-9+.-]{0,30}:\/\/[^\s:/@]{0,256}:)[^\s/"'<>]{1,512}@/gi, `$1${MASKED}@`],
  [/\b(client-key-data|client-certificate-data|certificate-authority-data)(["']?\s*:\s*)[^\s,}]+/g, `$1$2${MASKED}`],
  [/("auth"\s*:\s*)"[^"]{1,4096}"/g, `$1"${MASKED}"`],
  // The list form of cloud-init's chpasswd: a block of name:password lines.
  [
    /\bchpasswd:\s{1,40}(?:expire:\s?\w{1,8}\s{1,40})?list:\s{0,4}\|?-?[ ]{0,4}\n(?:[ \t]{1,40}(?:- )?\S{1,256}\n?){1,64}/g,
    `chpasswd: ${MASKED}\n`,
  ],
  // The same where a text was made one line.
  [
    /\bchpasswd: (?:expire: ?\w{1,8} )?list: (?:\|[-+]? )?(?:(?:- )?[\w.-]{1,64}:\S{1,256}(?: |$)){1,64}/g,
    `chpasswd: ${MASKED} `,
  ],
]

/** Everything that is replaced, in this order. */
const MASKS: readonly [RegExp, string][] = [...SHAPES, [FLAG, `$1${MASKED}`], [ASSIGNMENT, `$1${MASKED}`]]

/** Whole files that are a credential, however they are quoted: of these nothing is shown but what they are. */
const CREDENTIAL_FILES: readonly [string, RegExp, RegExp][] = [
  ['kubeconfig', /\bkind["']?\s{0,4}:\s{0,4}["']?Config\b/, /\b(?:users|clusters)["']?\s{0,4}:/],
  ['talosconfig', topLevel('contexts'), /\bendpoints["']?\s{0,4}:[\s\S]{0,4000}\bcrt["']?\s{0,4}:/],
  ['machine config', topLevel('machine'), topLevel('cluster')],
]

/** A key at the outside of a YAML or JSON document. */
function topLevel(key: string): RegExp {
  return new RegExp(`(?:^|\\n)${key}\\s?:|[{,]\\s{0,8}"${key}"\\s?:`)
}

const MAYBE_SECRET =
  /pass|pwd|secret|token|key|credential|eyJ|A[KS]IA|gh[pousr]_|glpat|xox|sk-|[sr]k_|hv[sb]\.|npm_|AIza|:AA|[a-z0-9]{6}\.[a-z0-9]{16}|bearer|basic|auth|:\/\/|-data|LS0t|\bAQ|\$[1-7aegy]|K10|SWMTKN|slack|@[\w-]+!|contexts|machine|kind/i

/** Whether a field or variable of this name usually holds a secret value, rather than a reference to one. */
export function looksSecretName(name: string): boolean {
  return SECRET_NAME.test(name) && !REFERENCE_NAME.test(name)
}

/**
 * What Kubernetes calls its events: the object's name, and when it was first seen, in nanoseconds and hexadecimal. With six letters
 * in front that looks like a bootstrap token, so it is believed only of a name, and only with a time of our days.
 */
const EVENT_NAME = /^[a-z0-9.-]{1,240}\.1[4-9a-f][0-9a-f]{14}$/

function isEventName(field: string, text: string): boolean {
  return field === 'name' && EVENT_NAME.test(text)
}

/** Free text (a log line, an event, a config value) with everything that looks like a secret value cut out. */
export function maskText(text: string): string {
  if (!MAYBE_SECRET.test(text)) return text
  const file = credentialFile(text)
  if (file !== undefined) return `${MASKED} (a ${file} of ${text.length} characters)`
  const uncut = KEY_END.test(text) ? maskCutKeys(text.split('\n')).join('\n') : text
  return MASKS.reduce((masked, [shape, replacement]) => masked.replace(shape, replacement), uncut)
}

/** The lines of a text, masked as one, and as many as there were: what spans several leaves `[masked]` in each of them. */
export function maskLines(lines: readonly string[]): string[] {
  const file = credentialFile(lines.join('\n'))
  if (file !== undefined) return lines.map(() => `${MASKED} (a ${file} is among these lines)`)
  const keyless = maskKeyLines(lines)
  const text = keyless.join('\n')
  if (!MAYBE_SECRET.test(text)) return keyless
  return MASKS.reduce((masked, [shape, replacement]) => masked.replace(shape, inLines(replacement)), text).split('\n')
}

/** A replacement as `String.replace` has it, over as many lines as what it replaces. */
function inLines(replacement: string) {
  return function hide(match: string, ...groups: unknown[]): string {
    const shown = replacement.replace(/\$([12])/g, (_, group: string) => String(groups[Number(group) - 1]))
    const lost = match.split('\n').length - shown.split('\n').length
    return shown.replace(MASKED, `${MASKED}${`\n${MASKED}`.repeat(Math.max(0, lost))}`)
  }
}

/** What kind of credential file a text is, in full: `kubeconfig`, `talosconfig`, `machine config`; undefined for any other text. */
export function credentialFile(text: string): string | undefined {
  return CREDENTIAL_FILES.find(([, is, has]) => is.test(text) && has.test(text))?.[0]
}

/**
 * Masks the texts of one answer in the order in which they are read. A private key that comes line by line, as logs bring it,
 * is masked from its first line to its last; each line alone would look like nothing. `field` is what the text stands under.
 */
export function maskInOrder(): (text: string, field?: string) => string {
  let within = false
  return function mask(text, field = '') {
    if (isEventName(field, text)) return text
    if (within) {
      const end = KEY_END.exec(text)
      if (end) within = false
      else if (!KEY_LINE.test(text)) return maskText(text)
      return end ? `${MASKED}${maskText(text.slice(end.index + end[0].length))}` : MASKED
    }
    const begin = text.lastIndexOf('-----BEGIN ')
    within = begin >= 0 && KEY_BEGIN.test(text.slice(begin)) && !KEY_END.test(text.slice(begin))
    return maskText(text)
  }
}

/**
 * A copy of any JSON value with secrets masked: values by their shape, and scalar values under names that look secret.
 * References (`secretName`, `secretKeyRef`) stay, because they say where a secret is, not what it is.
 */
export function maskDeep(value: unknown): unknown {
  if (typeof value === 'string') return maskText(value)
  if (Array.isArray(value)) return value.map(maskDeep)
  if (value === null || typeof value !== 'object') return value
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, maskField(name, inner)]))
}

function maskField(name: string, value: unknown): unknown {
  if (typeof value === 'string' && isEventName(name, value)) return value
  return looksSecretName(name) ? maskValue(value) : maskDeep(value)
}

/** What stands under a name that looks secret: a text, or a list of texts. An object says itself what of it is secret. */
function maskValue(value: unknown): unknown {
  if (typeof value === 'string') return value === '' ? value : MASKED
  if (Array.isArray(value)) return value.map(maskValue)
  return maskDeep(value)
}
