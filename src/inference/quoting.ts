/** Where a text comes from, as the model and people are told: `alert`, `tool kubernetes.logs`. */
export interface Quote {
  /** What it is cited by: `e3`. */
  id: string
  source: string
  text: string
}

/**
 * Text of strangers as quoted data: fenced by its id, with its source, and unable to close its own fence. What is in it is said
 * to be data by the prompt; that nothing follows from it is kept by code.
 */
export function quoted({ id, source, text }: Quote, mostCharacters: number): string {
  const bounded =
    text.length > mostCharacters ? `${text.slice(0, mostCharacters)}\n… (cut, ${text.length} characters in all)` : text
  const safe = bounded.replace(/<(?=\/?\s*evidence\b)/gi, '‹').replaceAll('\u0000', '')
  return `<evidence id="${id}" source="${source.replace(/["<>\n]/g, ' ')}">\n${safe}\n</evidence>`
}
