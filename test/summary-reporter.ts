import type { Reporter, TestModule } from 'vitest/node'

/** Prints one plain closing line, `N passed, N failed, N skipped`, for machines that read the end of the output. */
export default class SummaryReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const count = { passed: 0, failed: 0, skipped: 0 }
    for (const module of modules) {
      const before = count.passed + count.failed + count.skipped
      for (const test of module.children.allTests()) {
        const { state } = test.result()
        if (state === 'passed' || state === 'failed' || state === 'skipped') count[state] += 1
      }
      const ran = count.passed + count.failed + count.skipped > before
      if (!ran && module.state() === 'failed') count.failed += 1
    }
    console.log(`\n${count.passed} passed, ${count.failed} failed, ${count.skipped} skipped`)
  }
}
