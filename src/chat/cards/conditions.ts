import type { VerifyClause } from '../../domain/runbook.ts'
import { ascii, cut } from './clean.ts'
import { lasting } from './times.ts'

/** What a plan's verification asks for, in words: `available, 0 restarts since, within 10 min; alert clear for 20 min`. */
export function doneMeans(clauses: readonly VerifyClause[]): string {
  return clauses.length === 0 ? 'nothing is checked afterwards' : clauses.map(clauseWords).join('; ')
}

function clauseWords(clause: VerifyClause): string {
  if (clause.kind === 'alert') return `alert clear within ${lasting(clause.withinMs)}, and for ${lasting(clause.forMs)}`
  const tool = words(clause.tool.split('.').at(-1) ?? clause.tool)
  const wanted = clause.expect === undefined ? `${tool} answers` : conditionWords(clause.expect)
  return `${wanted}, within ${lasting(clause.withinMs)}`
}

/** A condition's plain parts in words; a part that is no plain comparison stands as it was written. */
export function conditionWords(expression: string): string {
  if (/\|\||\?/.test(expression)) return cut(ascii(expression), 160)
  return expression
    .split('&&')
    .map((part) => partWords(part.trim()))
    .join(', ')
}

function partWords(part: string): string {
  const plain = /^(!?)result\.([\w.]+)$/.exec(part)
  if (plain) return `${plain[1] ? 'not ' : ''}${words(plain[2] ?? '')}`
  const there = /^(!?)has\(result\.([\w.]+)\)$/.exec(part)
  if (there) return there[1] ? `no ${words(there[2] ?? '')}` : `${words(there[2] ?? '')} there`
  const compared = /^result\.([\w.]+)\s*(==|>=|<=|>|<|!=)\s*("[^"]*"|'[^']*'|[\w.]+)$/.exec(part)
  if (!compared) return cut(ascii(part), 120)
  const [, path = '', operator = '', value = ''] = compared
  if (value === 'true') return operator === '==' ? words(path) : `not ${words(path)}`
  if (/^\d+$/.test(value) && operator === '==') return `${value} ${words(path)}`
  return `${words(path)} ${comparisons[operator] ?? operator} ${value.replace(/^["']|["']$/g, '')}`
}

const comparisons: Record<string, string> = {
  '==': 'is',
  '!=': 'is not',
  '>=': 'at least',
  '<=': 'at most',
  '>': 'over',
  '<': 'under',
}

function words(path: string): string {
  return ascii(path).replaceAll('_', ' ').replaceAll('.', ' ')
}
