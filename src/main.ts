import { run } from './cli/program.ts'
import { assertNodeVersion } from './node-version.ts'

assertNodeVersion(process.versions.node)
process.exitCode = await run(process.argv, process.env)
