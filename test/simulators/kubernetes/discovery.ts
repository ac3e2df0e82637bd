import { apiVersionOf, RESOURCES } from './resources.ts'

const SERVER_VERSION = 'v1.33.6'

type Json = Record<string, unknown>

/** Answers to the addresses by which a client finds out what the API offers; undefined for all others. */
export function discovery(path: string): Json | undefined {
  if (path === '/version') return version()
  if (path === '/api') return { kind: 'APIVersions', versions: ['v1'], serverAddressByClientCIDRs: [] }
  if (path === '/apis') return { kind: 'APIGroupList', apiVersion: 'v1', groups: groups() }
  if (path === '/api/v1') return resourceList('v1')
  if (path === '/openapi/v3') return openApiRoot()
  const match = /^\/apis\/([^/]+)(?:\/([^/]+))?$/.exec(path)
  if (match)
    return match[2] ? resourceList(`${match[1]}/${match[2]}`) : groups().find((group) => group.name === match[1])
  const schema = /^\/openapi\/v3\/(?:api|apis)\/(.+)$/.exec(path)
  return schema?.[1] ? openApiOf(schema[1]) : undefined
}

function version(): Json {
  const [major, minor] = SERVER_VERSION.slice(1).split('.')
  return {
    major,
    minor,
    gitVersion: SERVER_VERSION,
    gitCommit: '0'.repeat(40),
    gitTreeState: 'clean',
    platform: 'linux/amd64',
  }
}

function groups(): (Json & { name: string })[] {
  const named = RESOURCES.filter((type) => type.group !== '')
  const versions = new Map(named.map((type) => [type.group, type.version]))
  return [...versions].map(([name, version]) => {
    const preferred = { groupVersion: `${name}/${version}`, version }
    return { kind: 'APIGroup', apiVersion: 'v1', name, versions: [preferred], preferredVersion: preferred }
  })
}

function resourceList(groupVersion: string): Json | undefined {
  const types = RESOURCES.filter((type) => apiVersionOf(type) === groupVersion)
  if (types.length === 0) return undefined
  const resources = types.flatMap((type) => {
    const { plural, singular, namespaced, kind, verbs, shortNames, categories } = type
    const own = {
      name: plural,
      singularName: singular,
      namespaced,
      kind,
      verbs,
      ...(shortNames.length > 0 ? { shortNames } : {}),
      ...(categories.length > 0 ? { categories } : {}),
    }
    const parts = type.subresources.map(({ name, ...rest }) => ({
      name: `${plural}/${name}`,
      singularName: '',
      namespaced,
      ...rest,
    }))
    return [own, ...parts]
  })
  return { kind: 'APIResourceList', apiVersion: 'v1', groupVersion, resources }
}

/** Just enough OpenAPI that kubectl can tell that the server validates fields itself, and explains that there is no more. */
function openApiRoot(): Json {
  const versions = [...new Set(RESOURCES.map(apiVersionOf))]
  const paths = versions.map((name) => {
    const key = name.includes('/') ? `apis/${name}` : `api/${name}`
    return [key, { serverRelativeURL: `/openapi/v3/${key}` }]
  })
  return { paths: Object.fromEntries(paths) }
}

function openApiOf(groupVersion: string): Json | undefined {
  const types = RESOURCES.filter((type) => apiVersionOf(type) === groupVersion)
  if (types.length === 0) return undefined
  const prefix = groupVersion.includes('/') ? `/apis/${groupVersion}` : `/api/${groupVersion}`
  const parameters = ['dryRun', 'fieldManager', 'fieldValidation'].map((name) => ({
    name,
    in: 'query',
    schema: { type: 'string', uniqueItems: true },
  }))
  const paths = types.map(({ plural, namespaced, group, version, kind }) => {
    const path = `${prefix}/${namespaced ? 'namespaces/{namespace}/' : ''}${plural}/{name}`
    const about = { 'x-kubernetes-group-version-kind': { group, version, kind } }
    return [path, { patch: { parameters, responses: {}, 'x-kubernetes-action': 'patch', ...about } }]
  })
  const schemas = types.map(({ group, version, kind }) => [
    `simulated.${kind}`,
    {
      type: 'object',
      description: `${kind} as this simulated cluster has it. Its fields are not described here; those of Kubernetes apply.`,
      'x-kubernetes-group-version-kind': [{ group, version, kind }],
    },
  ])
  return {
    openapi: '3.0.0',
    info: { title: 'Kubernetes', version: SERVER_VERSION },
    paths: Object.fromEntries(paths),
    components: { schemas: Object.fromEntries(schemas) },
  }
}
