import { ENDPOINTS, type Endpoint } from './endpoints.ts'

export interface Route {
  endpoint: Endpoint
  /** `GET /nodes/{node}/status`. */
  name: string
  /** What stood in the place of each name in braces, decoded. */
  path: Record<string, string>
}

const ROUTES = Object.entries(ENDPOINTS).map(([name, endpoint]) => {
  const [method = '', template = ''] = name.split(' ')
  return { name, endpoint, method, parts: template.split('/').slice(1) }
})

/** The endpoint behind a request; undefined where the table has none. */
export function routeOf(method: string, path: string): Route | undefined {
  const given = path.split('/').slice(1)
  for (const { name, endpoint, method: wanted, parts } of ROUTES) {
    if (wanted !== method || parts.length !== given.length) continue
    const names: Record<string, string> = {}
    const fits = parts.every((part, at) => {
      const value = given[at] ?? ''
      if (!part.startsWith('{')) return part === value
      names[part.slice(1, -1)] = decodeURIComponent(value)
      return value !== ''
    })
    if (fits) return { name, endpoint, path: names }
  }
  return undefined
}

const PATH_RULES: Readonly<Record<string, RegExp>> = {
  node: /^[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?$/,
  vmid: /^[1-9]\d{2,8}$/,
  storage: /^[A-Za-z][A-Za-z0-9._-]*[A-Za-z0-9]$/,
  snapname: /^[A-Za-z][A-Za-z0-9_-]{1,39}$/,
  upid: /^UPID:/,
}

/** The faults of a request by parameter, in Proxmox VE's words; empty when there are none. */
export function faultsOf({ endpoint, path }: Route, params: Readonly<Record<string, string>>): Record<string, string> {
  const faults: Record<string, string> = {}
  for (const [name, value] of Object.entries(path))
    if (!(PATH_RULES[name] ?? /./).test(value)) faults[name] = `invalid format - value '${value}' does not look right`
  const takes = endpoint.takes ?? {}
  for (const [name, type] of Object.entries(takes))
    if (!type.endsWith('?') && !(name in params)) faults[name] = 'property is missing and it is not optional'
  for (const [name, value] of Object.entries(params)) {
    const type = takes[name]
    if (type === undefined)
      faults[name] = 'property is not defined in schema and the schema does not allow additional properties'
    else if (!textFits(value, type.replace(/\?$/, '')))
      faults[name] = type.includes('|')
        ? `value '${value}' does not have a value in the enumeration '${type.replace(/\?$/, '').replaceAll('|', ', ')}'`
        : `type check ('${type.replace(/\?$/, '')}') failed - got '${value}'`
  }
  return faults
}

function textFits(value: string, type: string): boolean {
  if (type.includes('|')) return type.split('|').includes(value)
  if (type === 'integer') return /^-?\d+$/.test(value)
  if (type === 'number') return value !== '' && Number.isFinite(Number(value))
  if (type === 'boolean') return value === '0' || value === '1'
  return true
}

/** What is wrong with an answer by the table, as sentences; empty when nothing is. A fault is one of the simulator itself. */
export function answerFaults({ endpoint, name }: Route, data: unknown): string[] {
  const { gives, lists, answers, open = false } = endpoint
  if (answers === 'null') return data === null ? [] : [`${name} answers null`]
  if (answers === 'string') return typeof data === 'string' ? [] : [`${name} answers text`]
  if (lists) {
    if (!Array.isArray(data)) return [`${name} answers a list`]
    return Object.keys(lists).length === 0 ? [] : data.flatMap((row) => rowFaults(name, lists, row, open))
  }
  return gives && Object.keys(gives).length > 0 ? rowFaults(name, gives, data, open) : []
}

function rowFaults(endpoint: string, fields: Record<string, string>, row: unknown, open: boolean): string[] {
  if (row === null || typeof row !== 'object') return [`${endpoint}: a row must be an object`]
  const values = Object.entries(row).filter(([, value]) => value !== undefined)
  const missing = Object.entries(fields)
    .filter(([name, type]) => !type.endsWith('?') && !values.some(([key]) => key === name))
    .map(([name]) => `${endpoint}: ${name} is missing`)
  const wrong = values.flatMap(([name, value]) => {
    const type = fields[name] ?? fields[name.replace(/\d+$/, '[n]')]
    if (type === undefined) return open ? [] : [`${endpoint}: ${name} is not in the table`]
    return valueFits(value, type.replace(/\?$/, ''))
      ? []
      : [`${endpoint}: ${name} must be ${type}, not ${JSON.stringify(value)}`]
  })
  return [...missing, ...wrong]
}

function valueFits(value: unknown, type: string): boolean {
  if (type.includes('|')) return type.split('|').includes(String(value))
  if (type === 'integer') return Number.isInteger(value)
  if (type === 'number') return typeof value === 'number' && Number.isFinite(value)
  if (type === 'boolean') return value === 0 || value === 1 || typeof value === 'boolean'
  if (type === 'array') return Array.isArray(value)
  if (type === 'object') return value !== null && typeof value === 'object'
  return typeof value === 'string' || typeof value === 'number'
}
