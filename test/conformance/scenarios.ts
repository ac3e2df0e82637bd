/** The version of the conformance suite that the list below is for. */
export const SUITE = '@modelcontextprotocol/conformance@0.1.16'
export const INSPECTOR = '@modelcontextprotocol/inspector@2.12.0'

/** Its server scenarios that apply to any server, whatever its tools are. */
export const APPLICABLE: readonly string[] = [
  'server-initialize',
  'ping',
  'tools-list',
  'server-sse-polling',
  'server-sse-multiple-streams',
  'dns-rebinding-protection',
]

const TEST_TOOL = 'calls a tool of the suite’s own test server, by its name'
const NO_RESOURCES = 'the servers offer tools only, and say so: no resources'
const NO_PROMPTS = 'the servers offer tools only, and say so: no prompts'

/** The others, with why they say nothing about these servers. */
export const INAPPLICABLE: Readonly<Record<string, string>> = {
  'logging-set-level': 'the servers send no log messages over the protocol, and do not say they do: logs go to stderr',
  'completion-complete': 'completion is for prompts and resource templates, which the servers do not have',
  'tools-call-simple-text': TEST_TOOL,
  'tools-call-image': TEST_TOOL,
  'tools-call-audio': TEST_TOOL,
  'tools-call-embedded-resource': TEST_TOOL,
  'tools-call-mixed-content': TEST_TOOL,
  'tools-call-with-logging': TEST_TOOL,
  'tools-call-error': `${TEST_TOOL}; that failures answer \`isError\` is in the servers' own tests`,
  'tools-call-with-progress': `${TEST_TOOL}; progress is in the servers' own tests`,
  'tools-call-sampling': `${TEST_TOOL}; no server asks its client's model for anything`,
  'tools-call-elicitation': `${TEST_TOOL}; no server asks its client's person for anything: consent comes as a grant`,
  'elicitation-sep1034-defaults': `${TEST_TOOL}; no server asks its client's person for anything`,
  'elicitation-sep1330-enums': `${TEST_TOOL}; no server asks its client's person for anything`,
  'json-schema-2020-12': `${TEST_TOOL}; that schemas compile is in the servers' own tests`,
  'resources-list': NO_RESOURCES,
  'resources-read-text': NO_RESOURCES,
  'resources-read-binary': NO_RESOURCES,
  'resources-templates-read': NO_RESOURCES,
  'resources-subscribe': NO_RESOURCES,
  'resources-unsubscribe': NO_RESOURCES,
  'prompts-list': NO_PROMPTS,
  'prompts-get-simple': NO_PROMPTS,
  'prompts-get-with-args': NO_PROMPTS,
  'prompts-get-embedded-resource': NO_PROMPTS,
  'prompts-get-with-image': NO_PROMPTS,
}
