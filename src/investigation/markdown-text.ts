/** What is not seen, moves the cursor or turns the direction of text; line ends and tabs are kept. */
const UNSEEN =
  /[\u0000-\u0008\u000B\u000C\u000E-\u001F\u007F-\u009F\u00AD\u200B-\u200F\u2028-\u202E\u2060-\u2069\uFEFF]/g
const ANSI = /\u001B\[[0-9;?]*[ -/]*[@-~]/g

/** Text of strangers on one line of Markdown: nothing in it is markup, a link or an end of the line. */
export function inline(text: string, most = 600): string {
  const line = visible(text).replace(/\s+/g, ' ').trim()
  const short = line.length > most ? `${line.slice(0, most)}…` : line
  return short
    .replace(/[\\`*_{}[\]<>#|!~&$]/g, '\\$&')
    .replaceAll('://', '\\://')
    .replace(/\bwww\./gi, 'www\\.')
    .replace(/^([-+=])/, '\\$1')
    .replace(/^(\d+)([.)])/, '$1\\$2')
}

/** Text of strangers in a block of code that nothing in it can close. */
export function fenced(text: string): string {
  const body = visible(text).replace(/\r\n?/g, '\n')
  const longest = Math.max(0, ...[...body.matchAll(/`+/g)].map(([run]) => run.length))
  const fence = '`'.repeat(Math.max(3, longest + 1))
  return `${fence}text\n${body}\n${fence}`
}

function visible(text: string): string {
  return text.replace(ANSI, '').replace(UNSEEN, '')
}
