import { z } from 'zod'

/** Arguments that several tools take. Patterns are strict: names go into metadata and into what people read on a card. */

export const NodeName = z
  .string()
  .regex(/^[a-z0-9][a-z0-9.:-]{0,252}$/, 'must be the name of a node, such as "cp-1"')
  .describe('As cluster_overview names it.')

export const ServiceName = z
  .string()
  .regex(/^[a-z0-9][a-z0-9-]{0,62}$/, 'must be the name of a service, such as "kubelet"')
  .describe('A Talos service: kubelet, etcd, cri, ext-….')

export const ResourceType = z
  .string()
  .regex(/^[A-Za-z][A-Za-z0-9]{0,62}(\.[a-z0-9]([a-z0-9.-]{0,100}[a-z0-9])?)?$/, 'must be a type, such as "members"')
  .describe('A type or alias that resource_definitions lists.')

export const ResourceNamespace = z
  .string()
  .regex(/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/, 'must be a namespace, such as "network"')
  .describe("Left out: the type's own.")

export const ResourceId = z
  .string()
  .regex(/^(?!.*\.\.)[A-Za-z0-9][A-Za-z0-9._:/@%-]{0,200}$/, 'must be the id of a resource, such as "eth0"')

export const Grep = z.string().min(1).max(200).optional().describe('Only lines with this text in them; not a pattern.')

export const Version = z
  .string()
  .regex(/^v?\d{1,3}\.\d{1,3}\.\d{1,3}(-[0-9A-Za-z.]{1,30})?$/, 'must be a version, such as "v1.13.2"')
  .describe('The version to run, such as v1.13.2.')
