import { basename } from 'node:path'
import type { Args, Position, Problem, Runbook, Step, ToolVerification } from '../domain/runbook.ts'
import { isNeverThere } from './expression-shapes.ts'
import { parseOrigin } from './inputs.ts'
import {
  cannotFail,
  isTemplate,
  type LintReport,
  lintCondition,
  lintTemplates,
  type Sight,
} from './lint-expressions.ts'
import { didYouMean } from './nearest.ts'
import { misfits } from './schema-fit.ts'
import { AGENT_ARGUMENTS, type CatalogueTool, type ToolCatalogue } from './tool-catalogue.ts'

interface Linting {
  readonly runbook: Runbook
  readonly tools: ToolCatalogue
  readonly report: LintReport
}

/** A call to a tool at a place of the file, and what it is there for. */
interface Call {
  readonly tool: string
  readonly args: Args
  readonly pointer: string
  readonly use: 'look' | 'change'
}

/**
 * Everything that is wrong with a runbook beyond its shape, in the order of its lines. Errors mean that it must not be
 * used.
 */
export function lintRunbook(runbook: Runbook, tools: ToolCatalogue): Problem[] {
  const problems: Problem[] = []
  const report: LintReport = (severity, pointer, message, hint) => {
    const place = positionOf(runbook, pointer)
    problems.push({ path: runbook.source.path, ...place, severity, message, ...(hint ? { hint } : {}) })
  }
  const linting: Linting = { runbook, tools, report }
  lintWhole(linting)
  lintInputs(linting)
  lintChecks(linting)
  lintSteps(linting)
  lintVerification(linting)
  return withoutRepeats(problems).sort((a, b) => a.line - b.line || (a.column ?? 0) - (b.column ?? 0))
}

function lintWhole({ runbook, report }: Linting): void {
  const file = basename(runbook.source.path)
  if (file !== `${runbook.id}.md`) {
    report('warning', '/id', `The id is \`${runbook.id}\` and the file is called ${file}.`, 'Give both one name.')
  }
  if (runbook.prose === '') {
    report(
      'warning',
      '',
      'There is no prose below the front matter.',
      'Write what a person should know who has to do it by hand.',
    )
  }
}

function lintInputs({ runbook, tools, report }: Linting): void {
  const shapes = shapesOf(runbook, tools)
  const used = usedInputs(runbook)
  for (const { name, from } of runbook.inputs) {
    const pointer = `/inputs/${name}/from`
    const origin = parseOrigin(from)
    if (origin?.kind === 'check') {
      const ids = runbook.checks.map((check) => check.id)
      if (!ids.includes(origin.check)) {
        report('error', pointer, `There is no check \`${origin.check}\`.${didYouMean(origin.check, ids)}`)
      } else if (isNeverThere(['checks', origin.check, 'result', ...origin.path.map(String)], shapes)) {
        report('warning', pointer, `\`${from}\` is never there, by the tool's own description.`)
      }
    }
    if (!used.has(name)) report('warning', `/inputs/${name}`, `The input \`${name}\` is never used.`, 'Remove it.')
  }
}

function lintChecks({ runbook, tools, report }: Linting): void {
  const ran: string[] = []
  for (const [i, check] of runbook.checks.entries()) {
    const pointer = `/checks/${i}`
    const sight: Sight = { runbook, checks: [...ran], shapes: shapesOf(runbook, tools, check.tool) }
    lintCall({ tool: check.tool, args: check.args, pointer, use: 'look' }, sight, { runbook, tools, report })
    const expression =
      check.expect === undefined ? undefined : lintCondition(check.expect, sight, `${pointer}/expect`, report)
    if (expression && cannotFail(expression)) {
      report(
        'warning',
        `${pointer}/expect`,
        'This holds whatever the check finds.',
        'Let it look at `result`, or remove it.',
      )
    }
    ran.push(check.id)
  }
}

function lintSteps(linting: Linting): void {
  const { runbook, tools, report } = linting
  const sight: Sight = { runbook, checks: runbook.checks.map(({ id }) => id), shapes: shapesOf(runbook, tools) }
  if (runbook.steps.length > 0 && !runbook.checks.some(({ required, expect }) => required && expect !== undefined)) {
    const hint = 'Give a required check an `expect` that tells this trouble from others.'
    report('warning', '/steps', 'Nothing has to hold before these steps are proposed.', hint)
  }
  for (const [i, step] of runbook.steps.entries()) {
    lintCall({ tool: step.tool, args: step.args, pointer: `/steps/${i}`, use: 'change' }, sight, linting)
    lintRollback(step, `/steps/${i}`, sight, linting)
    if (runbook.ceiling === 'standard' && effectOf(step.tool, tools) === 'destructive') {
      const hint = 'Lower the ceiling to `prompted`, or leave it as a wish: two people are asked all the same.'
      report('warning', '/ceiling', `The step \`${step.id}\` may cost data or service and never runs unasked.`, hint)
    }
  }
}

function lintRollback(step: Step, pointer: string, sight: Sight, linting: Linting): void {
  const { report } = linting
  if (!step.rollback) {
    const hint = 'Add `rollback:` with the call that takes it back, or `rollback: { none: "the reason" }`.'
    report('error', pointer, `The step \`${step.id}\` has no way back.`, hint)
    return
  }
  if (step.rollback.kind === 'none') return
  const { tool, args } = step.rollback
  lintCall({ tool, args, pointer: `${pointer}/rollback`, use: 'change' }, sight, linting)
  if (tool === step.tool && JSON.stringify(args) === JSON.stringify(step.args)) {
    report(
      'error',
      `${pointer}/rollback`,
      'The way back does the same as the step.',
      'Give the arguments as they were before.',
    )
  }
}

function lintVerification(linting: Linting): void {
  const { runbook, report } = linting
  if (runbook.steps.length === 0) {
    if (runbook.verify.length > 0)
      report('warning', '/verify', 'Without steps there is nothing to verify.', 'Remove it.')
    return
  }
  if (!runbook.verify.some(({ kind }) => kind === 'tool')) {
    const hint = 'Ask the platform itself: a `tool` that reads, with an `expect`.'
    report(
      'error',
      '/verify',
      'Nothing but the alert would say that it helped, and an alert also falls silent by itself.',
      hint,
    )
  }
  if (!runbook.verify.some(({ kind }) => kind === 'alert')) {
    report(
      'warning',
      '/verify',
      'Nothing waits for the alert to clear.',
      'Add `alert: cleared` with `within` and `for`.',
    )
  }
  for (const [i, clause] of runbook.verify.entries()) {
    if (clause.kind === 'tool') lintToolVerification(clause, `/verify/${i}`, linting)
  }
}

function lintToolVerification(clause: ToolVerification, pointer: string, linting: Linting): void {
  const { runbook, tools, report } = linting
  const checks = runbook.checks.map(({ id }) => id)
  const sight: Sight = { runbook, checks, shapes: shapesOf(runbook, tools, clause.tool) }
  lintCall({ tool: clause.tool, args: clause.args, pointer, use: 'look' }, sight, linting)
  const hint = 'Let it say what of `result` shows that the platform is sound again.'
  if (clause.expect === undefined) {
    report('error', pointer, 'This verification cannot fail: it expects nothing.', hint)
    return
  }
  const expression = lintCondition(clause.expect, sight, `${pointer}/expect`, report)
  if (expression && cannotFail(expression)) {
    report('error', `${pointer}/expect`, 'This verification cannot fail: it holds whatever the tool answers.', hint)
  }
}

function lintCall({ tool: name, args, pointer, use }: Call, sight: Sight, { tools, report }: Linting): void {
  lintTemplates(args, sight, `${pointer}/args`, report)
  for (const argument of AGENT_ARGUMENTS.filter((own) => Object.hasOwn(args, own))) {
    report('error', `${pointer}/args/${argument}`, `\`${argument}\` is added by the agent.`, 'Remove it.')
  }
  const tool = tools.get(name)
  if (tool === undefined) {
    const hint = 'The tools are listed in the reference of each MCP server.'
    report('error', `${pointer}/tool`, `There is no tool \`${name}\`.${didYouMean(name, tools.keys())}`, hint)
  } else lintDefinedCall({ tool: name, args, pointer, use }, tool, report)
}

function lintDefinedCall({ tool: name, args, pointer, use }: Call, tool: CatalogueTool, report: LintReport): void {
  if (use === 'look' && tool.effect !== 'read') {
    report(
      'error',
      `${pointer}/tool`,
      `\`${name}\` changes something; only tools that read stand here.`,
      'Make it a step.',
    )
  }
  if (use === 'change' && tool.effect === 'read') {
    report('error', `${pointer}/tool`, `\`${name}\` only reads, so it mends nothing.`, 'Make it a check.')
  }
  for (const { pointer: inside, message } of misfits(
    ownArguments(args),
    withoutAgentArguments(tool.inputSchema),
    isTemplate,
  )) {
    const where = `${pointer}/args${inside.map((part) => `/${part}`).join('')}`
    const subject =
      inside.length === 0 ? `The call of \`${name}\`` : `The argument \`${inside.join('.')}\` of \`${name}\``
    report('error', where, `${subject} ${message}${message.endsWith('?') ? '' : '.'}`)
  }
}

function ownArguments(args: Args): Args {
  return Object.fromEntries(Object.entries(args).filter(([name]) => !AGENT_ARGUMENTS.includes(name)))
}

function withoutAgentArguments(schema: object): object {
  if (!('required' in schema) || !Array.isArray(schema.required)) return schema
  return { ...schema, required: schema.required.filter((name) => !AGENT_ARGUMENTS.includes(String(name))) }
}

/** Output schemas of all checks, and of the tool whose answer is `result`. */
function shapesOf(runbook: Runbook, tools: ToolCatalogue, resultOf?: string): Map<string, object> {
  const shapes = new Map<string, object>()
  for (const { id, tool } of runbook.checks) note(`checks.${id}.result`, tool)
  if (resultOf !== undefined) note('result', resultOf)
  return shapes

  function note(path: string, name: string): void {
    const tool = tools.get(name)
    if (tool?.outputSchema) shapes.set(path, tool.outputSchema)
  }
}

function usedInputs(runbook: Runbook): Set<string> {
  const text = JSON.stringify([runbook.checks, runbook.steps, runbook.verify])
  return new Set([...text.matchAll(/\binputs(?:\.|\[\\?["'])([a-z][a-z0-9_]*)/g)].map((found) => found[1] ?? ''))
}

function effectOf(name: string, tools: ToolCatalogue): string | undefined {
  return tools.get(name)?.effect
}

/** The place of a pointer, or of the nearest thing around it that is in the file. */
function positionOf({ source }: Runbook, pointer: string): Position {
  for (let at = pointer; at !== ''; at = at.slice(0, at.lastIndexOf('/'))) {
    const found = Object.hasOwn(source.positions, at) ? source.positions[at] : undefined
    if (found) return found
  }
  return { line: 1, column: 1 }
}

/** A rollback repeats its step's arguments, and one tool is often called twice: each thing is said once. */
function withoutRepeats(problems: readonly Problem[]): Problem[] {
  const said = new Set<string>()
  return problems.filter(({ line, message }) => {
    const key = `${line} ${message}`
    if (said.has(key)) return false
    said.add(key)
    return true
  })
}
