import type { Finding } from './finding.ts'

const SECRET_WORD =
  '(?:password|passwd|passphrase|passcode|pwd|secret|token|api[_.-]?key|access[_.-]?key|private[_.-]?key|(?:pre)?shared[_.-]?key|encryption[_.-]?key|credentials?|connection[_.-]?string|kubeconfig|talosconfig)'
/** Names that say where a secret is, or describe one: operators need them, and they are none. */
const REFERENCE =
  /(?:name|names|ref|refs|path|file|keyref|namespace|type|policy|count|counts|expiry|expires|ttl|seconds|version|limit|usage|id|mount(?:service)?accounttoken|serviceaccounttoken|imagepullsecrets)$/i

const ASSIGNED = new RegExp(
  `([\\w.-]{0,64}${SECRET_WORD}[\\w.-]{0,64})["']?\\s{0,4}(?:=>?|:)\\s{0,4}(?:"((?:[^"\\\\]|\\\\.){1,4096})"|'([^']{1,4096})'|([^\\s"',;&}\\])<>]{1,4096}))`,
  'dgi',
)
/** A name at the start of a line, as YAML and configuration files have it: everything up to the line's end is its value. */
const LINE = new RegExp(
  `^[ \\t]{0,40}(?:- )?(?:export )?([\\w.-]{0,64}${SECRET_WORD}[\\w.-]{0,64})[ \\t]{0,4}[:=][ \\t]{1,4}([^\\s|>{[&*#][^\\n]{0,4096})$`,
  'dgim',
)
const FLAG = new RegExp(`(?<![\\w-])(--?[\\w.-]{0,64}${SECRET_WORD}[\\w.-]{0,64})[ \\t]+([^\\s-]\\S{0,1024})`, 'dgi')
/** `name: DB_PASSWORD` and its `value:` beside it, as containers have their variables. */
const VARIABLE = new RegExp(
  `name["']?\\s{0,4}[:=]\\s{0,4}["']?([\\w.-]{0,64}${SECRET_WORD}[\\w.-]{0,64})["']?[,\\s]{1,80}["']?value["']?\\s{0,4}[:=]\\s{0,4}["']?([^\\s"',}]{1,4096})`,
  'dgi',
)
/** Keys that hold a secret by themselves alone: PSK and WireGuard, Talos's secrets, TOTP seeds. */
const BARE =
  /\b(PrivateKey|PresharedKey|psk|aescbcEncryptionSecret|secretboxEncryptionSecret|otp|totp|pin|dsn|salt)["']?\s{0,4}[:=]\s{0,4}["']?([^\s"',;}]{4,4096})/dg

const NO_VALUE =
  /^(?:true|false|null|none|nil|yes|no|\d{1,3}|\*+|<[\w -]+>|\$\{[^}]*\}|\$\([^)]*\)|\[\w+\]?|invalid|missing|required|expired)[.,;)]?$/i

/** Values that stand under a name which usually holds a secret. */
export function findNamed(text: string): Finding[] {
  return [ASSIGNED, LINE, FLAG, VARIABLE, BARE].flatMap((shape) =>
    [...text.matchAll(shape)].flatMap((match) => {
      const at = [2, 3, 4].find((group) => match[group] !== undefined)
      const range = at === undefined ? undefined : match.indices?.[at]
      const value = at === undefined ? '' : (match[at] ?? '')
      if (!range || REFERENCE.test(match[1] ?? '') || NO_VALUE.test(value)) return []
      return [{ start: range[0], end: range[1], kind: 'named' }]
    }),
  )
}
