import { randomBytes, randomInt } from 'node:crypto'
import { oneOfEach } from '../redact-kinds.ts'

/** One thing that must not leave: a text as it is found in the wild, and what of it nobody outside may see. */
export interface Plant {
  kind: string
  text: string
  hidden: readonly string[]
  /** A secret; else something personal, which the cloud may not see and the chat may. */
  secret: boolean
}

/** Names of machines and people that this installation lists. */
export const LISTED = ['grumbleweed', 'Hollerbusch', 'tante-erna', 'nas-keller']

const DISGUISES: Readonly<Record<string, (text: string, hidden: readonly string[]) => string>> = {
  plain: (text) => text,
  base64: (text) => `payload ${Buffer.from(text).toString('base64')}`,
  hex: (text) => `dump ${Buffer.from(text).toString('hex')}`,
  split: (text, [first = '']) => {
    const at = text.indexOf(first) + Math.ceil(first.length / 2)
    return `${text.slice(0, at)}\n    ${text.slice(at)}`
  },
  escaped: (text) => JSON.stringify(text).replaceAll('-', '\\u002d'),
  percent: (text) => `GET /in?body=${encodeURIComponent(text)}`,
}

/** Two hundred plants: every kind of secret in every disguise, and what is personal. */
export function plants(): Plant[] {
  const secrets = Object.entries(DISGUISES).flatMap(([disguise, hide]) =>
    oneOfEach().map(
      ({ kind, text, hidden }): Plant => ({
        kind: `${kind}, ${disguise}`,
        text: hide(text, hidden),
        hidden,
        secret: true,
      }),
    ),
  )
  return [...secrets, ...personal(200 - secrets.length)]
}

const MAKERS: readonly [kind: string, make: () => [text: string, hidden: string]][] = [
  ['e-mail', () => around((it) => `mail to ${it} bounced`, `anna.${word()}@${word()}.example.net`)],
  [
    'address',
    () =>
      around(
        (it) => `dial tcp ${it}:5432: refused`,
        `10.${randomInt(1, 250)}.${randomInt(1, 250)}.${randomInt(2, 250)}`,
      ),
  ],
  ['host', () => around((it) => `upstream https://${it}/healthz answered 502`, `${word()}.${word()}.lan`)],
  [
    'ipv6',
    () =>
      around((it) => `route to ${it} is gone`, `fd12:3456:789a:${randomBytes(2).toString('hex')}::${randomInt(1, 99)}`),
  ],
  [
    'mac',
    () =>
      around(
        (it) => `lease for ${it}`,
        randomBytes(6)
          .toString('hex')
          .replaceAll(/(..)(?=.)/g, '$1:'),
      ),
  ],
  ['phone', () => around((it) => `call ${it} at night`, `+49 170 ${randomInt(1_000_000, 9_999_999)}`)],
  ['node', () => around((it) => `node=${it} not ready`, `pve-${word()}`)],
  ['home', () => around((it) => `open /home/${it}/.cache: denied`, `bob${word()}`)],
]

function personal(count: number): Plant[] {
  const listed = LISTED.map(
    (name): Plant => ({ kind: 'listed', text: `${name} asked for it`, hidden: [name], secret: false }),
  )
  const made = Array.from({ length: count - listed.length }, (_, i): Plant => {
    const [kind, make] = MAKERS[i % MAKERS.length] ?? MAKERS[0] ?? ['', () => ['', '']]
    const [text, hidden] = make()
    return { kind, text, hidden: [hidden], secret: false }
  })
  return [...listed, ...made]
}

function around(text: (it: string) => string, it: string): [string, string] {
  return [text(it), it]
}

function word(): string {
  return `w${randomBytes(4).toString('hex')}`
}
