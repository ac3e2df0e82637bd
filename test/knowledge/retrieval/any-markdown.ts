import fc from 'fast-check'

/** Texts made of what Markdown is made of, in no sensible order. */
export function anyText(): string[] {
  const piece = fc.constantFrom(
    '---\n',
    'title: a\n',
    '# ',
    '## b\n',
    '```\n',
    '~~~~\n',
    '\n\n',
    '[a](',
    ')',
    '<',
    'x ',
    '\0',
  )
  return fc.sample(
    fc.array(piece, { maxLength: 30 }).map((pieces) => pieces.join('')),
    { numRuns: 200, seed: 7 },
  )
}
