#!/usr/bin/env node
import { existsSync } from 'node:fs'

// In the repository the source itself runs. A package has it as JavaScript, because Node strips no types under node_modules.
const source = new URL('../src/main.ts', import.meta.url)
await import(existsSync(source) ? source.href : new URL('../dist/main.js', import.meta.url).href)
