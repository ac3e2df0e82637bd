import { generateKeyPairSync, randomBytes, randomUUID } from 'node:crypto'

/** One made-up secret: a text as it is found in the wild, and the parts of it that nobody may ever see. */
export interface Secret {
  kind: string
  text: string
  /** In plain, as they would be read; the bench looks for them in base64 and in hexadecimal too. */
  hidden: readonly string[]
}

type Make = () => Omit<Secret, 'kind'>

/** Every kind that texts in a cluster, a hypervisor or a node may hold, by the words of `docs/security.md`. */
const KINDS: Readonly<Record<string, Make>> = {
  'pem-key': () => {
    const { privateKey } = generateKeyPairSync('ed25519')
    const text = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
    return { text, hidden: [text.split('\n')[1] ?? ''] }
  },
  jwt: () => {
    const signature = randomBytes(32).toString('base64url')
    const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
    return {
      text: `session ${part({ alg: 'HS256' })}.${part({ sub: word() })}.${signature} opened`,
      hidden: [signature],
    }
  },
  dsn: () => hiding((secret) => `connecting to postgres://app:${secret}@db.shop.svc:5432/orders?sslmode=require`),
  'dsn-with-at': () => hiding((secret) => `amqp://app:p@${secret}@mq:5672/`),
  'github-token': () =>
    hiding(
      (secret) => `cloning with ghp_${secret}`,
      () => letters(36),
    ),
  'cloud-key': () =>
    hiding(
      (secret) => `using sk-ant-api03-${secret} for models`,
      () => letters(40),
    ),
  'aws-key': () =>
    hiding(
      (secret) => `AKIA${secret} is the key id`,
      () => letters(16).toUpperCase(),
    ),
  'vault-token': () =>
    hiding(
      (secret) => `login hvs.${secret} ok`,
      () => letters(28),
    ),
  'bearer-header': () =>
    hiding(
      (secret) => `> Authorization: Bearer ${secret}`,
      () => letters(40),
    ),
  'password-flag': () => hiding((secret) => `exec /app --admin-password ${secret} --verbose`),
  'password-assignment': () => hiding((secret) => `DB_PASSWORD=${secret} starting`),
  'password-json': () => hiding((secret) => `{"level":"info","smtp_password":"${secret}"}`),
  'pve-token': () => {
    const uuid = randomUUID()
    return { text: `Authorization: PVEAPIToken=root@pam!watch=${uuid}`, hidden: [uuid] }
  },
  'pve-token-bare': () => {
    const uuid = randomUUID()
    return { text: `made watch@pve!reader=${uuid}`, hidden: [uuid] }
  },
  'join-token': () => {
    const [id, secret] = [randomBytes(3).toString('hex'), randomBytes(8).toString('hex')]
    return { text: `kubeadm join 10.0.0.1:6443 --token ${id}.${secret}`, hidden: [secret] }
  },
  'join-token-bare': () => {
    const [id, secret] = [randomBytes(3).toString('hex'), randomBytes(8).toString('hex')]
    return { text: `trustd accepted ${id}.${secret} from 10.0.0.2`, hidden: [secret] }
  },
  kubeconfig: () => {
    const [token, key] = [letters(40), letters(24)]
    const data = Buffer.from(`-----BEGIN PRIVATE KEY-----\n${key}\n`).toString('base64')
    const text = `apiVersion: v1\nkind: Config\nclusters:\n- name: home\n  cluster: {server: "https://10.0.0.1:6443"}\nusers:\n- name: admin\n  user:\n    token: ${token}\n    client-key-data: ${data}\n`
    return { text, hidden: [token, data] }
  },
  talosconfig: () => {
    const key = Buffer.from(`-----BEGIN ED25519 PRIVATE KEY-----\n${letters(40)}\n`).toString('base64')
    const text = `context: home\ncontexts:\n  home:\n    endpoints: [10.0.0.1]\n    ca: ${word()}\n    crt: ${word()}\n    key: ${key}\n`
    return { text, hidden: [key] }
  },
  'machine-config': () => {
    const [token, secret] = [`${randomBytes(3).toString('hex')}.${randomBytes(8).toString('hex')}`, letters(44)]
    const key = Buffer.from(`-----BEGIN ED25519 PRIVATE KEY-----\n${letters(40)}\n`).toString('base64')
    const text = `version: v1alpha1\nmachine:\n  type: controlplane\n  token: ${token}\n  ca:\n    key: ${key}\ncluster:\n  secret: ${secret}\n  aescbcEncryptionSecret: ${secret}\n`
    return { text, hidden: [token, secret, key] }
  },
  'cloud-init': () => {
    const [password, listed, hash] = [letters(14), letters(14), letters(60)]
    const text = `#cloud-config\npassword: ${password}\nusers:\n- name: app\n  hashed_passwd: $6$${letters(8)}$${hash}\nchpasswd:\n  list: |\n    root:${listed}\n`
    return { text, hidden: [password, listed, hash] }
  },
  'ssh-key': () => {
    const line = randomBytes(48).toString('base64')
    return { text: `-----BEGIN OPENSSH PRIVATE KEY-----\n${line}\n-----END OPENSSH PRIVATE KEY-----\n`, hidden: [line] }
  },
  'registry-auth': () => {
    const auth = Buffer.from(`app:${letters(20)}`).toString('base64')
    return { text: `{"auths":{"registry.example":{"auth":"${auth}"}}}`, hidden: [auth] }
  },
}

/** One fresh secret of every kind. */
export function oneOfEach(): Secret[] {
  return Object.entries(KINDS).map(([kind, make]) => ({ kind, ...make() }))
}

/** Whether the text is a whole file of credentials: a log that quotes one is hidden as a whole, so such texts are planted apart. */
export function isWholeFile({ kind }: Secret): boolean {
  return ['kubeconfig', 'talosconfig', 'machine-config'].includes(kind)
}

function hiding(text: (secret: string) => string, make: () => string = word): Omit<Secret, 'kind'> {
  const secret = make()
  return { text: text(secret), hidden: [secret] }
}

/** Random, so that finding it means that it came from here. */
function word(): string {
  return `wk${randomBytes(8).toString('hex')}`
}

function letters(length: number): string {
  return randomBytes(length)
    .toString('hex')
    .replaceAll(/[^a-z0-9]/g, '')
    .slice(0, length)
}
