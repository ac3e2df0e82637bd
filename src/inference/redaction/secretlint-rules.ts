import type { SecretLintCoreConfig } from '@secretlint/types'
import type { OtherRules } from './find-secrets.ts'
import type { Finding } from './finding.ts'

/** The rule that lets comments in a text switch other rules off. The texts here are written by strangers. */
const SWITCH = '@secretlint/secretlint-rule-filter-comments'

/**
 * The recommended rules of secretlint (https://github.com/secretlint/secretlint). Loading them takes a while: it is done once,
 * for the first text.
 */
export function secretlintRules(): OtherRules {
  let loading: ReturnType<typeof load> | undefined
  return async (text) => {
    loading ??= load()
    const { lintSource, config } = await loading
    const { messages } = await lintSource({
      source: { content: text, filePath: 'text.txt', ext: '.txt', contentType: 'text' },
      options: { config, noPhysicFilePath: true },
    })
    return messages.map(({ range, ruleId }): Finding => ({ start: range[0], end: range[1], kind: kindOf(ruleId) }))
  }
}

async function load() {
  const [{ lintSource }, { rules }, { secretLintProfiler }] = await Promise.all([
    import('@secretlint/core'),
    import('@secretlint/secretlint-rule-preset-recommend'),
    import('@secretlint/profiler'),
  ])
  // It would keep every mark of every text for as long as the process lives.
  secretLintProfiler.setEnabled(false)
  // One by one: a preset goes on obeying such comments even where that rule of it is disabled.
  const kept = rules.filter(({ meta }) => meta.id !== SWITCH)
  const config: SecretLintCoreConfig = { rules: kept.map((rule) => ({ id: rule.meta.id, rule })) }
  return { lintSource, config }
}

function kindOf(ruleId: string): string {
  return ruleId.replace('@secretlint/secretlint-rule-', '')
}
