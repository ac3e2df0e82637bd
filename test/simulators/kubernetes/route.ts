import { noSuchPath } from './api-error.ts'
import { findResource, type ResourceType } from './resources.ts'

/** What an address of the API means. */
export interface Route {
  type: ResourceType
  namespace: string | undefined
  name: string | undefined
  subresource: string | undefined
}

/** Reads `/api/v1/…` and `/apis/GROUP/VERSION/…`. Throws 404 for what the cluster does not serve. */
export function routeOf(path: string): Route {
  const parts = path.split('/').slice(1).map(decodeURIComponent)
  const root = parts.shift()
  if (root !== 'api' && root !== 'apis') throw noSuchPath()
  const apiVersion = root === 'api' ? parts.shift() : `${parts.shift()}/${parts.shift()}`
  // `namespaces/x` is an object, `namespaces/x/pods` is a scope.
  const scoped = parts[0] === 'namespaces' && parts.length > 2 && parts[2] !== 'status' && parts[2] !== 'finalize'
  const namespace = scoped ? parts[1] : undefined
  const [plural = '', name, subresource, ...rest] = scoped ? parts.slice(2) : parts
  const type = findResource(apiVersion ?? '', plural)
  if (!type || rest.length > 0 || (namespace !== undefined && !type.namespaced)) throw noSuchPath()
  if (type.namespaced && name !== undefined && namespace === undefined) throw noSuchPath()
  const known =
    subresource === undefined || subresource === 'status' || type.subresources.some((s) => s.name === subresource)
  if (!known) throw noSuchPath()
  return { type, namespace, name, subresource }
}
