import { z } from 'zod'
import type { JsonObject } from '../../domain/json.ts'
import type { ToolSpec } from '../../inference/chat-model.ts'
import type { Wanted } from './fields.ts'

const Edits = z.object({
  edits: z
    .array(
      z.object({
        step: z.number().describe('The step it belongs to, as the list counts them.'),
        field: z.string().max(60),
        value: z.union([z.string().max(300), z.number(), z.boolean(), z.null()]),
      }),
    )
    .max(8),
  needs: z.string().max(200).describe('Without edits: what you would need to know, in a sentence. Else empty.'),
})

export const EDIT = 'edit'

/** The one thing a model may do with a person's words about a plan: name new values. */
export const editTool: ToolSpec = {
  name: EDIT,
  description: 'Gives the fields their new values.',
  parameters: z.toJSONSchema(Edits) as JsonObject,
}

/** Reads it, or says in a sentence what is wrong with it. */
export function readEdits(args: JsonObject): { edits: Wanted[]; needs: string } | { problem: string } {
  const read = Edits.safeParse(args)
  if (read.success) return read.data
  const [issue] = read.error.issues
  return { problem: `edit: ${issue?.path.join('.') || 'the arguments'}: ${issue?.message ?? 'do not fit'}.` }
}
