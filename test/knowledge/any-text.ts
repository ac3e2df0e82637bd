import fc from 'fast-check'

/** Any JavaScript text: every code unit, lone surrogates included, and plainer text more often than not. */
export const anyText = fc.oneof(
  fc.string(),
  fc.array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 12 }).map((units) => String.fromCharCode(...units)),
)
