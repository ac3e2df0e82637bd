import { readFileSync } from 'node:fs'

/** A prompt as its file has it. `id` is its name and version, `investigate@1`, and is part of every record. */
export interface Prompt {
  id: string
  text: string
}

const HEAD = /^---\nname: ([a-z-]+)\nversion: (\d+)\n---\n/

/** Reads a prompt from `prompts/NAME.md`. Throws where its head is not as it should be: that is a bug. */
export function readPrompt(name: string): Prompt {
  const file = readFileSync(new URL(`prompts/${name}.md`, import.meta.url), 'utf8')
  const [head, found, version] = HEAD.exec(file) ?? []
  if (head === undefined || found !== name)
    throw new Error(`The prompt ${name}.md must begin with its name and version.`)
  return { id: `${name}@${version}`, text: file.slice(head.length).trim() }
}
