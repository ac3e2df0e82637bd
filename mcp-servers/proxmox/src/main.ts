#!/usr/bin/env node
import { setFlagsFromString } from 'node:v8'

// A server mostly waits. Loading would let the young generation grow to many times what the calls need, and keep it: 10 MB.
setFlagsFromString('--semi-space-growth-factor=1')
await import('./program.ts')
