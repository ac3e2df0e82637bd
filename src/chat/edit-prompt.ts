/** What asks a person for their words about a plan; `called` is HTML that names them. */
export function editPromptHtml(called: string, incident: number): string {
  return `✏ ${called}: reply to this message with what to change on #${incident}. As pairs, such as <code>memory=2Gi</code>, or in words.`
}

/** The incident that a message of ours asks about so, by its plain text. */
export function incidentOfEditPrompt(text: string): number | undefined {
  const [, number] = /^✏ [^\n]*: reply to this message with what to change on #(\d{1,9})\. /.exec(text) ?? []
  return number === undefined ? undefined : Number(number)
}
