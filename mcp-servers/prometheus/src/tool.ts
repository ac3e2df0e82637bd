import { toolsFor } from '@watchkeeper/mcp-shared'
import type { Prometheus } from './prometheus.ts'

/** `defineTool` for tools of a Prometheus. */
export const defineTool = toolsFor<Prometheus>()
