/** The end of a stream of chunks, at most `max` bytes and whole lines: what is newest in a log comes last. */
export async function lastBytes(chunks: AsyncIterable<Buffer>, max: number): Promise<string> {
  const kept: Buffer[] = []
  let size = 0
  let cut = false
  for await (const chunk of chunks) {
    kept.push(chunk)
    size += chunk.length
    while (kept.length > 1 && size - (kept[0]?.length ?? 0) >= max) {
      size -= kept.shift()?.length ?? 0
      cut = true
    }
  }
  const text = Buffer.concat(kept).toString('utf8')
  return cut ? text.slice(text.indexOf('\n') + 1) : text
}
