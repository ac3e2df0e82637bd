import type { Finding } from './finding.ts'

/**
 * Secrets that are known by their shape, whatever they are called. A group, where there is one, is the secret. Every repetition
 * is bounded or starts at a fixed word, so that text of any length takes linear time. Lengths are lower than the real ones: half
 * a token is a secret too.
 */
const SHAPES: readonly [kind: string, shape: RegExp][] = [
  [
    'private-key',
    /-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----[\s\S]*?(?:-----END [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----|$)/dg,
  ],
  ['jwt', /\beyJ[A-Za-z0-9_-]{8,}(?:\.[A-Za-z0-9_-]{4,}){1,2}/dg],
  ['aws-key', /\b(?:AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{12,}/dg],
  ['github-token', /\bgh[pousr]_[A-Za-z0-9]{12,}|\bgithub_pat_[A-Za-z0-9_]{12,}/dg],
  ['gitlab-token', /\bgl(?:pat|dt|rt|ptt|agent|cbt|oas)-[A-Za-z0-9_-]{12,}/dg],
  ['slack-token', /\bxox[abeoprs]-[A-Za-z0-9-]{8,}|\bxapp-[A-Za-z0-9-]{10,}/dg],
  [
    'hook',
    /\b(?:hooks\.slack\.com\/services|discord(?:app)?\.com\/api\/webhooks|hc-ping\.com|ntfy\.sh)\/([\w/-]{8,})/dg,
  ],
  ['model-key', /\bsk-[A-Za-z0-9_-]{16,}|\bhf_[A-Za-z0-9]{12,}|\bgsk_[A-Za-z0-9]{16,}/dg],
  ['vault-token', /\bhv[sbr]\.[A-Za-z0-9_-]{12,}/dg],
  ['package-token', /\bnpm_[A-Za-z0-9]{12,}|\bpypi-[A-Za-z0-9_-]{16,}|\bdckr_pat_[A-Za-z0-9_-]{12,}/dg],
  ['google-key', /\bAIza[A-Za-z0-9_-]{16,}|\bya29\.[A-Za-z0-9_-]{16,}|\bGOCSPX-[A-Za-z0-9_-]{12,}/dg],
  ['telegram-token', /\b\d{8,10}:AA[A-Za-z0-9_-]{16,}/dg],
  ['stripe-key', /\b[srp]k_(?:live|test)_[A-Za-z0-9]{12,}|\bwhsec_[A-Za-z0-9+/]{12,}/dg],
  [
    'service-token',
    /\bSG\.[A-Za-z0-9_-]{12,}(?:\.[A-Za-z0-9_-]{8,})?|\bgl(?:sa|c)_[A-Za-z0-9_=-]{12,}|\bdop_v1_[a-f0-9]{12,}/dg,
  ],
  ['tailscale-key', /\btskey-[A-Za-z0-9-]{8,}/dg],
  ['age-key', /\bAGE-SECRET-KEY-1[A-Z0-9]{12,}/dg],
  ['ceph-key', /\bAQ[A-Za-z0-9+/]{36}==/dg],
  // A PEM in base64, as kubeconfigs, talosconfigs and machine configs carry keys and certificates.
  ['pem-base64', /\bLS0tLS1CRUdJTi[A-Za-z0-9+/]{8,}={0,2}/dg],
  // As crypt(3) writes them: cloud-init, /etc/shadow, htpasswd.
  [
    'password-hash',
    /\$(?:1|2[abxy]?|5|6|7|y|gy|apr1|argon2(?:id?|d))\$[A-Za-z0-9./$,=+-]{8,}|\{SSHA\d{0,3}\}[A-Za-z0-9+/=]{16,}/dg,
  ],
  ['join-token', /\bK10[0-9a-f]{20,}(?:::[\w.:-]+)?|\bSWMTKN-1-[a-z0-9-]{16,}/dg],
  // id.secret of kubeadm and Talos. Tried only at word borders, so that image tags stay readable.
  ['bootstrap-token', /(?<![\w.-])[a-z0-9]{6}\.[a-z0-9]{16}(?![\w.-])/dg],
  ['pve-token', /\bPVEAPIToken=(\S+)/dg],
  [
    'pve-token',
    /[\w.-]{1,64}@[\w-]{1,32}![\w.-]{1,64}\s{0,2}[=:\s]\s{0,2}([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})/dgi,
  ],
  ['pve-ticket', /\bPVE(?:VNC|MACS)?:[\w.-]{1,64}(?:@[\w-]{1,32})?:[0-9A-F]{8}::[A-Za-z0-9+/=]{8,}/dg],
  [
    'header',
    /\bauthorization["']?\s{0,4}[:=]\s{0,4}["']?(?:(?:bearer|basic|token|digest|apikey)\s+)?([^\s"',;]{4,})/dgi,
  ],
  ['header', /\b(?:bearer|basic)\s+([A-Za-z0-9+/_.~-]{12,}={0,2})/dgi],
  ['cookie', /\b(?:set-)?cookie["']?\s{0,4}[:=]\s{0,4}["']?([^\s"'][^\n"']{3,4096})/dgi],
  // Up to the last @ of the authority: a password may hold one that nobody escaped.
  ['dsn', /(?<![a-z0-9+.-])[a-z][a-z0-9+.-]{0,30}:\/\/[^\s:/@]{0,256}:([^\s/"'<>]{1,512})@/dgi],
  ['dsn', /\b[\w.-]{1,64}:([^\s:/@"'<>]{3,128})@(?:tcp|unix|udp)\(/dgi],
  ['dsn', /\b(?:AccountKey|SharedAccessKey|SharedAccessSignature|sig)=([A-Za-z0-9%+/=_-]{8,})/dg],
  [
    'kubeconfig',
    /\b(?:client-key-data|client-certificate-data|certificate-authority-data)["']?\s{0,4}:\s{0,4}["']?([^\s,}"']+)/dg,
  ],
  ['registry-auth', /"auth"\s{0,4}:\s{0,4}"([^"]{1,4096})"/dg],
  [
    'cloud-init',
    /\bchpasswd:\s{1,40}(?:expire:\s?\w{1,8}\s{1,40})?(?:list|users):\s{0,4}\|?-?[ ]{0,4}\n((?:[ \t]{1,40}(?:- )?\S{1,256}\n?){1,64})/dg,
  ],
]

/** Whole files that are a credential, however they are quoted: of these nothing is shown. */
const CREDENTIAL_FILES: readonly [kind: string, is: RegExp, has: RegExp][] = [
  ['kubeconfig', /\bkind["']?\s{0,4}:\s{0,4}["']?Config\b/, /\b(?:users|clusters)["']?\s{0,4}:/],
  ['talosconfig', topLevel('contexts'), /\bendpoints["']?\s{0,4}:[\s\S]{0,4000}\b(?:crt|key)["']?\s{0,4}:/],
  ['machine-config', topLevel('machine'), topLevel('cluster')],
]

function topLevel(key: string): RegExp {
  return new RegExp(`(?:^|\\n)${key}\\s?:|[{,]\\s{0,8}"${key}"\\s?:`)
}

/** Everything in a text that has the shape of a secret. */
export function findShapes(text: string): Finding[] {
  return SHAPES.flatMap(([kind, shape]) => [...text.matchAll(shape)].flatMap((match) => findingOf(match, kind)))
}

/** Where a block of text ends: an empty line, or the fence of quoted data. */
export const EDGE = /\n[ \t]*\n|<\/?evidence\b[^>]*>/g

/** The blocks that are a credential file. Only the block: what stands before and after it may matter. */
export function findCredentialFile(text: string): Finding[] {
  return CREDENTIAL_FILES.flatMap(([kind, is, has]) => {
    const at = is.exec(text)?.index
    const other = has.exec(text)?.index
    if (at === undefined || other === undefined) return []
    const edges = [...text.matchAll(EDGE)]
    const start = edges.findLast((edge) => edge.index + edge[0].length <= Math.min(at, other))
    const end = edges.find((edge) => edge.index > Math.max(at, other))
    return [{ start: start ? start.index + start[0].length : 0, end: end?.index ?? text.length, kind }]
  })
}

function findingOf({ indices }: RegExpMatchArray, kind: string): Finding[] {
  const range = indices?.[1] ?? indices?.[0]
  return range ? [{ start: range[0], end: range[1], kind }] : []
}
