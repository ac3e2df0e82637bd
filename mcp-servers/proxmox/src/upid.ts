/** What the id of a task says: `UPID:node:pid:pstart:starttime:type:id:user:`, the three numbers in hexadecimal. */
export type Upid = {
  text: string
  node: string
  pid: number
  /** Unix seconds, by the clock of the node. */
  startTime: number
  type: string
  /** The guest, storage or service it is about; may be empty. */
  id: string
  user: string
}

const UPID =
  /^UPID:([A-Za-z0-9-]{1,63}):([0-9A-Fa-f]{8}):([0-9A-Fa-f]{8,9}):([0-9A-Fa-f]{8}):([A-Za-z0-9_-]{1,64}):([^:\s/]{0,100}):([^:\s/]{1,128}):$/

/** The pattern of a task's id, strict: it becomes part of a path. */
export const UPID_PATTERN = UPID

export function parseUpid(text: string): Upid | undefined {
  const match = UPID.exec(text)
  if (!match) return undefined
  const [, node = '', pid = '', , start = '', type = '', id = '', user = ''] = match
  return { text, node, pid: Number.parseInt(pid, 16), startTime: Number.parseInt(start, 16), type, id, user }
}
