import { z } from 'zod'

/** PromQL goes into the body of a request and nowhere else. */
export const Expression = z.string().min(1).max(4_000).describe('PromQL')

export const Limit = z.int().min(1).max(200).default(50)
