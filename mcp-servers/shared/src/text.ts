// CSI and OSC sequences first (they span several characters), then what is left of C0, C1 and invisible controls.
const ANSI = /\u001b(?:\[[0-?]*[ -/]*[@-~]|\][^\u0007\u001b]*(?:\u0007|\u001b\\)?|[@-Z\\-_])/g
const CONTROLS = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g
const INVISIBLE = /[\u00ad\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g
const LONE_SURROGATES = /[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g
const SUSPECT =
  /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff]/

/** Text from a platform without terminal sequences, control, bidirectional and zero-width characters; keeps tab and newline. */
export function cleanText(text: string): string {
  if (!SUSPECT.test(text)) return text
  return text.replace(ANSI, '').replace(CONTROLS, '').replace(INVISIBLE, '').replace(LONE_SURROGATES, '\ufffd')
}

/** One line of at most `max` characters; what is cut off is counted, so that nobody takes it for the whole. */
export function oneLine(text: string, max = 500): string {
  return clip(
    cleanText(text)
      .replace(/\s*[\r\n\t]+\s*/g, ' ')
      .trim(),
    max,
  )
}

/** At most `max` characters, never half of a surrogate pair; a cut is marked with the number of characters left out. */
export function clip(text: string, max: number): string {
  if (text.length <= max) return text
  const kept = text.slice(0, max).replace(/[\ud800-\udbff]$/, '')
  return `${kept}… (${text.length - kept.length} more characters)`
}

/** "1 pod", "3 pods". */
export function count(n: number, noun: string, plural = `${noun}s`): string {
  return `${n} ${n === 1 ? noun : plural}`
}
