#!/usr/bin/env node
import { existsSync } from 'node:fs'

// Plain JavaScript, so that even a Node that cannot read TypeScript gets as far as this sentence.
const [major, minor] = process.versions.node.split('.').map(Number)

if (major < 22 || (major === 22 && minor < 19)) {
  process.stderr.write(
    `This MCP server needs Node 22.19 or newer, and this is ${process.versions.node}. Start it with a newer one; in a clone, ` +
      '"npm ci" installs one as node_modules/.bin/node.\n',
  )
  process.exitCode = 2
} else {
  // In the repository the source itself runs. A package has it as JavaScript, because Node strips no types under node_modules.
  const source = new URL('../src/main.ts', import.meta.url)
  await import(existsSync(source) ? source.href : new URL('../dist/main.js', import.meta.url).href)
}
