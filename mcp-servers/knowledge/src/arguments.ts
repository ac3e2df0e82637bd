import { z } from 'zod'

export const AlertName = z
  .string()
  .regex(/^[A-Za-z_:][\w:.-]{0,199}$/)
  .optional()
  .describe('The alert’s name, if there is one: a page that bears it comes first')

/** Words to search for; they go into the body of a request and nowhere else. */
export const Summary = z.string().min(1).max(4_000).describe('What is wrong, in a sentence; its words count most')
export const Description = z.string().max(4_000).optional()

export const RunbookId = z.string().regex(/^[a-z0-9][a-z0-9-]{0,62}$/)
export const Limit = z.int().min(1).max(20).default(5)
