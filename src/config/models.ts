import { Wrong, webUrl, words } from './parsers.ts'

/** Where Ollama is; as its own tools take it, the scheme may be left out. */
export function ollamaHost(value: string): string {
  return webUrl(/^https?:\/\//.test(value) ? value : `http://${value.includes(':') ? value : `${value}:11434`}`)
}

/** US dollars, in millionths of one. */
export function money(value: string): number {
  const dollars = /^\d{1,6}(?:\.\d{1,6})?$/.test(value) ? Number(value) : Number.NaN
  if (Number.isNaN(dollars)) throw new Wrong('set it to an amount such as 2.50')
  return Math.round(dollars * 1_000_000)
}

/** US dollars for a million tokens. */
export type ModelPrice = {
  readonly input: number
  readonly output: number
  readonly cacheRead: number
  readonly cacheWrite: number
}

const PRICE = /^([^=\s]{1,128})=(\d+(?:\.\d+)?)\/(\d+(?:\.\d+)?)(?:\/(\d+(?:\.\d+)?)\/(\d+(?:\.\d+)?))?$/

/** `model=input/output`, or with what reading from the cache and writing to it cost; in US dollars for a million tokens. */
export function priceTable(value: string): Readonly<Record<string, ModelPrice>> {
  const rows = words(value).map((row): [string, ModelPrice] => {
    const [, model, input, output, read, write] = PRICE.exec(row) ?? []
    if (model === undefined)
      throw new Wrong('set it to prices such as claude-sonnet-5-5=3/15, with commas between them')
    const price = Number(input)
    const cacheRead = read === undefined ? price / 10 : Number(read)
    const cacheWrite = write === undefined ? price * 1.25 : Number(write)
    return [model, { input: price, output: Number(output), cacheRead, cacheWrite }]
  })
  return Object.fromEntries(rows)
}

/** Labels that keep an incident at home. No values: any but an explicit no. */
export function neverLeavesRules(
  value: string,
): readonly { readonly label: string; readonly values: readonly string[] }[] {
  return words(value).map((word) => {
    const [, label, text] = /^([a-zA-Z_][a-zA-Z0-9_]*)(?:=(.+))?$/.exec(word) ?? []
    if (label === undefined) throw new Wrong('set it to labels such as never_leaves,namespace=private')
    return { label, values: text === undefined ? [] : [text] }
  })
}
