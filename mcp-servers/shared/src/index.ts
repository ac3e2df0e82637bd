export { canonical, digestOf } from './canonical.ts'
export { assertStill, Change, type DiffLine, DryRun, IfStill, Precondition, valuesDigest } from './change.ts'
export { type Env, type FlagSpec, type Parsed, parseConfig, type ServerConfig, usage } from './config.ts'
export { type Effect, type Probed, type Tool, type ToolContext, toolsFor } from './define-tool.ts'
export {
  CallerError,
  ConfigurationError,
  CredentialError,
  ToolError,
  type ToolErrorCode,
  toToolError,
  UpstreamError,
} from './errors.ts'
export { GRANT_META, type Grant } from './grants.ts'
export { brief, unpublished } from './json-schema.ts'
export type { Log, Writable } from './log.ts'
export { credentialFile, looksSecretName, maskDeep, maskText } from './mask.ts'
export { MASKED } from './masked.ts'
export { LINES_BEFORE, maskedLines } from './masked-lines.ts'
export { type ProgramOptions, runProgram } from './program.ts'
export { fit, type Page, page } from './results.ts'
export { openSession, type RunningServer, type ServeOptions, serve } from './serve.ts'
export { cleanText, clip, count, oneLine } from './text.ts'
export { toggle } from './toggle.ts'
export { openToolset, type ServerDefinition, type Toolset } from './toolset.ts'
