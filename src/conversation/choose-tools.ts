/** Words of a text that tell: lower case, three letters and more. */
function wordsOf(text: string): Set<string> {
  return new Set(text.toLowerCase().match(/[a-z]{3,}/g) ?? [])
}

/**
 * The tools that have most to do with what is asked, in the order they were given: a small local model loses its way among
 * all of them. A tool counts for each word of its name and description that the texts have too, its name for more.
 */
export function chooseTools<T extends { name: string; description: string }>(
  tools: readonly T[],
  texts: readonly string[],
  most: number,
): T[] {
  if (tools.length <= most) return [...tools]
  const wanted = wordsOf(texts.join('\n'))
  const count = (text: string) => [...wordsOf(text)].filter((word) => wanted.has(word)).length
  const ranked = tools.map((tool) => ({
    tool,
    worth: 3 * count(tool.name) + count(tool.description) + basic(tool.name),
  }))
  const chosen = new Set(
    ranked
      .toSorted((a, b) => b.worth - a.worth)
      .slice(0, most)
      .map(({ tool }) => tool),
  )
  return tools.filter((tool) => chosen.has(tool))
}

/** What almost every question can use. */
function basic(name: string): number {
  return /\.(?:describe|get|list|events|logs|top|cluster_overview|cluster_status|rollout_status|guest_get|health|query)$/.test(
    name,
  )
    ? 2
    : 0
}
