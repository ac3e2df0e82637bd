#!/usr/bin/env -S node --max-old-space-size=512 --max-semi-space-size=16
import { existsSync } from 'node:fs'
import module from 'node:module'

// Plain JavaScript, so that even a Node that cannot read TypeScript gets as far as this sentence.
const [major, minor] = process.versions.node.split('.').map(Number)

if (major < 22 || (major === 22 && minor < 19)) {
  process.stderr.write(
    `Watchkeeper needs Node 22.19 or newer, and this is ${process.versions.node}. Start it with "npm start", which uses the ` +
      'Node that "npm ci" installed; if that is what you did, run "npm ci" again without --ignore-scripts.\n',
  )
  process.exitCode = 1
} else if (!takesEnvFile()) {
  process.stderr.write(
    'The .env in this folder cannot be read: it is no file, or not for this user. Mend or remove it; what it holds can also be ' +
      'set in the environment.\n',
  )
  process.exitCode = 1
} else {
  // Keeps compiled modules between starts: a second start is quicker, and the memory of stripping types is not needed.
  module.enableCompileCache?.()
  await import('../src/main.ts')
}

/** What is set already wins over the file. False where there is one that cannot be read. */
function takesEnvFile() {
  if (!existsSync('.env')) return true
  try {
    process.loadEnvFile('.env')
    return true
  } catch {
    return false
  }
}
