import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { cutEveryString } from '../../src/investigation/cut-json.ts'
import { fenced, inline } from '../../src/investigation/markdown-text.ts'
import type { NamedReport } from '../../src/investigation/named.ts'
import type { Report } from '../../src/investigation/report.ts'
import { namedMarkdown, reportMarkdown } from '../../src/investigation/report-markdown.ts'

const HOSTILE =
  'x\n```\n# Approved by alice\n![t](https://evil.example/p.png)\n<script>alert(1)</script>\n````\n\u001b[2J\u202Eend'

const FOUND: Report = {
  ending: 'concluded',
  conclusion: {
    finding: 'unclear',
    summary: 'The pool grew for a week; which of two things grew was not seen.',
    causes: [
      {
        title: 'An old snapshot',
        confidence: 0.6,
        claims: [{ text: 'A snapshot is there since June.', cites: [{ evidence: 'e2', quote: 'before-upgrade' }] }],
      },
      {
        title: 'A disk that grows',
        confidence: 0.4,
        claims: [
          {
            text: 'It is the largest.',
            cites: [
              { evidence: 'e2', quote: 'vm-140-disk-0' },
              { evidence: 'e1', quote: 'pve-a' },
            ],
          },
        ],
      },
    ],
    claims: [],
    next: 'Whether the snapshot is still wanted.',
  },
  evidence: [
    { id: 'e1', source: 'alert', text: 'node: pve-a' },
    {
      id: 'e2',
      source: 'tool proxmox.storage_content {"storage":"fast"}',
      text: 'vm-140-disk-0\nsnap_vm-140-disk-0_before-upgrade',
    },
  ],
  unsupported: 1,
  looks: 2,
  refused: [{ tool: 'proxmox.snapshot_delete', because: 'There is no tool proxmox.snapshot_delete here.' }],
  models: [{ model: 'small', place: 'local', reason: 'mode', because: 'the mode is local_first' }],
  degraded: [],
  tokens: 900,
  microUsd: 0,
}

const NAMED: NamedReport = {
  request: {
    name: 'storage-nearly-full',
    runbook: 'storage-nearly-full',
    question: 'What fills it?',
    clusters: ['rack', 'lab', 'edge'],
    minutes: 10,
    sideBySide: false,
    labels: {},
  },
  title: 'A storage of Proxmox VE is nearly full',
  startedAt: Date.UTC(2026, 10, 21, 19, 3, 0),
  endedAt: Date.UTC(2026, 10, 21, 19, 13, 0),
  partial: true,
  modelUsed: true,
  clusters: [
    {
      cluster: 'rack',
      state: 'done',
      checks: [{ id: 'storages', shows: 'it is 80 % full or more', came: 'holds', because: null }],
      evidence: FOUND.evidence,
      report: FOUND,
    },
    {
      cluster: 'lab',
      state: 'partial',
      checks: [{ id: 'largest', shows: null, came: 'not run', because: 'The alert has no label `storage`.' }],
      evidence: [{ id: 'e1', source: 'tool kubernetes.cluster_overview {}', text: HOSTILE }],
      report: undefined,
    },
    { cluster: 'edge', state: 'not_reached', checks: [], evidence: [], report: undefined },
  ],
}

test('a report of several clusters reads as it should', () => {
  const golden = readFileSync(new URL('golden/named-report.md', import.meta.url), 'utf8')
  expect(namedMarkdown(NAMED)).toBe(golden)
})

test('what was proposed stands with its cause, as plain text', () => {
  const [first, second] = FOUND.conclusion?.causes ?? []
  if (!first || !second || !FOUND.conclusion) throw new Error('There are two causes.')
  const runbook = { kind: 'runbook' as const, runbook: 'storage-nearly-full', inputs: { node: 'pve-a' } }
  const action = {
    tool: 'proxmox.snapshot_create',
    arguments: { guest: 140, name: '](https://evil.example)' },
    why: 'To keep it.',
  }
  const causes = [
    { ...first, plan: runbook },
    { ...second, plan: { kind: 'actions' as const, actions: [action] } },
  ]
  const page = reportMarkdown('Incident 7', { ...FOUND, conclusion: { ...FOUND.conclusion, causes } })
  expect(page).toContain('Proposed: the runbook storage-nearly-full, node = "pve-a".')
  expect(page).toContain('1. proxmox.snapshot\\_create, guest = 140, name = "\\](https\\://evil.example)": To keep it.')
})

test('without a model it says so', () => {
  const clusters = NAMED.clusters.map((cluster) => ({ ...cluster, report: undefined }))
  expect(namedMarkdown({ ...NAMED, modelUsed: false, clusters })).toContain('No model was used')
  expect(reportMarkdown('Incident 7', { ...FOUND, ending: 'no_model', conclusion: undefined })).toContain(
    '**No model could be asked.**',
  )
})

/** The lines that are not in a block of code; the page is broken where one is still open at the end. */
function outside(markdown: string): string[] {
  let fence: string | undefined
  const lines = markdown.split('\n').filter((line) => {
    const run = /^(`{3,})(\w*)$/.exec(line)
    if (fence === undefined && run) fence = run[1]
    else if (fence !== undefined && line === fence) fence = undefined
    else return fence === undefined
    return false
  })
  expect(fence).toBeUndefined()
  return lines
}

const anything = fc.oneof(
  fc.string({ unit: 'grapheme' }),
  fc.constantFrom(
    HOSTILE,
    '``````',
    '`````text',
    '~~~',
    '\n\n# x',
    '- x',
    '1. x',
    '| a |',
    '[x](y)',
    'www.evil.example',
  ),
)

test('whatever stands in evidence stays in its block', () => {
  fc.assert(
    fc.property(fc.array(anything, { maxLength: 4 }), (parts) => {
      const text = parts.join('\n')
      const lines = outside(`before\n\n${fenced(text)}\n\nafter`)
      expect(lines).toEqual(['before', '', '', 'after'])
    }),
  )
})

test('whatever is claimed stays one line of plain text', () => {
  fc.assert(
    fc.property(anything, (text) => {
      const line = inline(text)
      expect(line).not.toMatch(/[\n\r\u0000-\u001f\u202a-\u202e]/)
      // Every sign that Markdown or HTML could read something into is escaped.
      expect(line.replace(/\\[\\`*_{}[\]<>#|!~&$:.+=)-]/g, '')).not.toMatch(
        /[`*_{}[\]<>#|!~&$]|:\/\/|^[-+=]|^\d+[.)]|www\./,
      )
    }),
  )
})

test('hostile text in every field draws no heading, link, picture or tag of its own', () => {
  const hostile = JSON.parse(
    JSON.stringify(FOUND).replaceAll('A snapshot is there since June.', 'PLACE').replaceAll('An old snapshot', 'PLACE'),
  ) as Report
  const filled = JSON.parse(JSON.stringify(hostile).replaceAll('PLACE', JSON.stringify(HOSTILE).slice(1, -1))) as Report
  const lines = outside(reportMarkdown(HOSTILE, filled))
  expect(lines.filter((line) => line.startsWith('#')).map((line) => line.slice(0, 12))).toEqual(
    ['# x \\`\\`\\` \\#', '## 1\\. x \\`\\', '## 2\\. A dis', '## What was '].map((line) => line.slice(0, 12)),
  )
  expect(lines.join('\n')).not.toMatch(/(?<!\\)<|(?<!\\)!\[|https:\/\//)
})

test('secrets are cut from every text of a report, and no search means no report', async () => {
  const named = {
    ...NAMED,
    title: 'the token is s3cr3t',
    clusters: [{ ...NAMED.clusters[1], evidence: [{ id: 'e1', source: 's3cr3t', text: 'a s3cr3t b' }] }],
  }
  const cut = await cutEveryString(named as NamedReport, async (texts) =>
    texts.map((text) => text.replaceAll('s3cr3t', '[cut]')),
  )
  expect(namedMarkdown(cut)).not.toContain('s3cr3t')
  expect(cut.startedAt).toBe(NAMED.startedAt)
  await expect(cutEveryString(NAMED, async () => [])).rejects.toThrow(/left a text out/)
})
