import { AjvJsonSchemaValidator } from '@modelcontextprotocol/sdk/validation/ajv-provider.js'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { Change } from '../src/change.ts'
import { brief, inputSchema, outputSchema } from '../src/json-schema.ts'

const text = z.string().nullable()

test('what goes in is told in full: patterns, bounds, defaults, and that nothing else is taken', () => {
  const schema = z.strictObject({
    name: z
      .string()
      .regex(/^[a-z]+$/)
      .max(20),
    count: z.int().default(3),
    at: z.iso.datetime().optional(),
  })
  expect(inputSchema(schema)).toEqual({
    type: 'object',
    properties: {
      name: { type: 'string', pattern: '^[a-z]+$', maxLength: 20 },
      count: { type: 'integer', default: 3 },
      at: { type: 'string', format: 'date-time' },
    },
    required: ['name'],
    additionalProperties: false,
  })
})

test('what comes out is told by names and types, and may be an error instead', () => {
  const schema = z.object({ summary: z.string().max(5), items: z.array(z.object({ n: z.int().min(0) })) })
  expect(outputSchema(schema)).toEqual({
    type: 'object',
    properties: {
      summary: { type: 'string' },
      items: { type: 'array', items: { type: 'object', properties: { n: { type: 'integer', minimum: 0 } } } },
      error: { type: 'object' },
    },
  })
})

test('a part that is brief is a type and its description, on the way in and out', () => {
  const part = brief(z.object({ a: z.string(), b: z.array(z.string()) }))
  expect(inputSchema(z.strictObject({ part: part.describe('a part') })).properties.part).toEqual({
    type: 'object',
    description: 'a part',
  })
  expect(outputSchema(z.object({ part: part.nullable() })).properties.part).toEqual({
    anyOf: [{ type: 'object' }, { type: 'null' }],
  })
})

test('a union that occurs again and again is told once, and one that does not is left where it is', () => {
  const many = outputSchema(z.object({ a: text, b: text, c: text, list: z.array(z.object({ d: text, e: text })) }))
  expect(many.$defs).toEqual({ a: { anyOf: [{ type: 'string' }, { type: 'null' }] } })
  expect(many.properties.c).toEqual({ $ref: '#/$defs/a' })
  expect(outputSchema(z.object({ a: text, b: text })).$defs).toBeUndefined()
})

test('a property may be named like a keyword', () => {
  const named = z.object({
    properties: z.string(),
    required: z.string(),
    anyOf: z.array(z.string()),
    brief: z.string(),
  })
  expect(Object.keys(outputSchema(named).properties)).toEqual(['properties', 'required', 'anyOf', 'brief', 'error'])
})

test('the validator of the usual client takes the answers each is for', () => {
  const validator = new AjvJsonSchemaValidator()
  const schema = z.object({ summary: z.string(), a: text, b: text, c: text, d: text, at: z.array(z.number()) })
  const valid = validator.getValidator(outputSchema(schema))
  expect(valid({ summary: 'x', a: null, b: 'y', c: null, d: null, at: [1] }).valid).toBe(true)
  expect(valid({ summary: 'x', a: 1, b: 'y', c: null, d: null, at: [] }).valid).toBe(false)
  expect(valid({ error: { code: 'timeout', message: 'x', retryable: true } }).valid).toBe(true)
  expect(validator.getValidator(outputSchema(Change))({ warnings: 'x' }).valid).toBe(false)
})
