import type { Json, JsonObject } from '../domain/json.ts'
import type { Looking, LookingTool } from './port.ts'

/** A cluster by its name, and the servers that have it. */
export interface KnownCluster {
  name: string
  servers: readonly string[]
}

/**
 * The tools as they see one cluster alone. Where a tool asks which cluster, that is filled in and not left to a model; tools of
 * servers that have other clusters only are not there. Servers that know no clusters, such as Prometheus, stay.
 */
export function onCluster(looking: Looking, cluster: string, known: readonly KnownCluster[]): Looking {
  const withClusters = new Set(known.flatMap(({ servers }) => servers))
  const here = new Set(known.filter(({ name }) => name === cluster).flatMap(({ servers }) => servers))
  const serves = (tool: string) => {
    const server = tool.slice(0, tool.indexOf('.'))
    return !withClusters.has(server) || here.has(server)
  }
  let asked: Promise<Map<string, LookingTool>> | undefined
  const all = () => {
    asked ??= looking.tools().then(
      (tools) => new Map(tools.filter(({ name }) => serves(name)).map((tool) => [tool.name, tool])),
      (error) => {
        asked = undefined
        throw error
      },
    )
    return asked
  }
  return {
    tools: async () => [...(await all()).values()].map(withoutCluster),
    async look(tool, args, options) {
      const found = (await all()).get(tool)
      if (!found) return { ok: false, message: `${tool} is not there for ${cluster}.` }
      return await looking.look(tool, takesCluster(found) ? { ...args, cluster } : args, options)
    },
  }
}

function takesCluster({ parameters }: LookingTool): boolean {
  return Object.hasOwn(propertiesOf(parameters), 'cluster')
}

function withoutCluster(tool: LookingTool): LookingTool {
  if (!takesCluster(tool)) return tool
  const { cluster: _cluster, ...properties } = propertiesOf(tool.parameters)
  const required = Array.isArray(tool.parameters.required) ? tool.parameters.required : []
  return {
    ...tool,
    parameters: { ...tool.parameters, properties, required: required.filter((name: Json) => name !== 'cluster') },
  }
}

function propertiesOf({ properties }: JsonObject): JsonObject {
  return typeof properties === 'object' && properties !== null && !Array.isArray(properties)
    ? (properties as JsonObject)
    : {}
}
