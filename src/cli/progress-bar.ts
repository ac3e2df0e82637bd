const WIDTH = 30

export interface ProgressBar {
  show(done: number, total: number): void
  /** Ends the line. */
  end(): void
}

/** A bar that draws over itself on a terminal; elsewhere, such as in a log, it shows nothing. */
export function progressBar(out: { isTTY?: boolean; write(text: string): unknown }): ProgressBar {
  let shown = false
  return {
    show(done, total) {
      if (!out.isTTY) return
      shown = true
      const filled = total === 0 ? WIDTH : Math.round((done / total) * WIDTH)
      out.write(`\r${'█'.repeat(filled)}${'░'.repeat(WIDTH - filled)} ${done} of ${total} pages `)
    },
    end() {
      if (shown) out.write('\n')
    },
  }
}
