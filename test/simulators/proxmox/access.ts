import { randomUUID } from 'node:crypto'
import { ApiError } from './api-error.ts'

/** The tokens a simulated cluster has: one that looks, one that changes, and one that lacks VM.PowerMgmt. */
export const ROLES = ['reader', 'operator', 'powerless'] as const
export type Role = (typeof ROLES)[number]

export interface Token {
  /** USER@REALM!ID. */
  id: string
  secret: string
  /** Privileges by path; each counts for everything below it. */
  acl: Record<string, string[]>
}

const AUDIT = ['Sys.Audit', 'VM.Audit', 'VM.GuestAgent.Audit', 'Datastore.Audit', 'Pool.Audit', 'SDN.Audit']
const OPERATOR = [
  ...AUDIT,
  'VM.PowerMgmt',
  'VM.Snapshot',
  'VM.Snapshot.Rollback',
  'VM.Backup',
  'VM.Migrate',
  'VM.Config.CPU',
  'VM.Config.Memory',
  'VM.Config.Options',
  'Datastore.AllocateSpace',
]

export function createTokens(): Record<Role, Token> {
  const token = (name: Role, privileges: string[]): Token => ({
    id: `watchkeeper@pve!${name}`,
    secret: randomUUID(),
    acl: { '/': privileges },
  })
  return {
    reader: token('reader', [...AUDIT, 'Sys.Syslog']),
    operator: token('operator', OPERATOR),
    powerless: token(
      'powerless',
      OPERATOR.filter((privilege) => privilege !== 'VM.PowerMgmt'),
    ),
  }
}

/** Who calls. Throws 401 with the reason as Proxmox VE gives it. */
export function authenticate(tokens: Record<Role, Token>, header: string | undefined): Token {
  const [, id, secret] = /^PVEAPIToken=([^=\s]+)=(\S+)$/.exec(header ?? '') ?? []
  if (id === undefined) throw new ApiError(401, 'No ticket')
  const token = Object.values(tokens).find((one) => one.id === id)
  if (!token) throw new ApiError(401, `no such token '${id.split('!')[1]}' for user '${id.split('!')[0]}'`)
  if (token.secret !== secret) throw new ApiError(401, 'invalid token value!')
  return token
}

export function holds(token: Token, privilege: string, path: string): boolean {
  const steps = path.split('/').filter((step) => step !== '')
  const above = ['/', ...steps.map((_, at) => `/${steps.slice(0, at + 1).join('/')}`)]
  return above.some((one) => token.acl[one]?.includes(privilege))
}

/** Throws 403 unless the token has one of the privileges: `A|B` on a path. */
export function demand(token: Token, privileges: string, path: string): void {
  if (privileges.split('|').some((privilege) => holds(token, privilege, path))) return
  throw new ApiError(403, `Permission check failed (${path}, ${privileges})`)
}

/** The rule of an endpoint, `VM.Audit on /vms/{vmid}`, with the names of the path filled in. */
export function demandRule(token: Token, may: string, names: Record<string, string>): void {
  if (may === 'all') return
  const [privileges = '', template = ''] = may.split(' on ')
  demand(
    token,
    privileges,
    template.replace(/\{(\w+)\}/g, (_, name: string) => names[name] ?? ''),
  )
}
