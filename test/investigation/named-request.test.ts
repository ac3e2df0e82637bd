import { expect, test } from 'vitest'
import { type NamedRequest, parseInvestigateWords } from '../../src/investigation/named-request.ts'
import { parseRequestFile } from '../../src/investigation/request-file.ts'

const KNOWN = { runbooks: ['pod-oom-killed', 'lab'], clusters: ['lab', 'edge', 'rack'] }
const ALL: NamedRequest = {
  name: 'overview',
  runbook: undefined,
  question: undefined,
  clusters: ['lab', 'edge', 'rack'],
  minutes: 10,
  sideBySide: false,
  labels: {},
}

test.each<[string, Partial<NamedRequest>]>([
  ['', {}],
  ['pod-oom-killed', { name: 'pod-oom-killed', runbook: 'pod-oom-killed' }],
  ['edge rack', { clusters: ['edge', 'rack'] }],
  ['edge edge 5m', { clusters: ['edge'], minutes: 5 }],
  ['30 side-by-side', { minutes: 30, sideBySide: true }],
  [
    'pod-oom-killed edge 15 namespace=media pod=web-1',
    {
      name: 'pod-oom-killed',
      runbook: 'pod-oom-killed',
      clusters: ['edge'],
      minutes: 15,
      labels: { namespace: 'media', pod: 'web-1' },
    },
  ],
  // A name that is both: the first time it is the runbook.
  ['lab lab', { name: 'lab', runbook: 'lab', clusters: ['lab'] }],
])('/investigate %s', (words, expected) => {
  expect(parseInvestigateWords(words.split(' '), KNOWN)).toEqual({ ...ALL, ...expected })
})

test.each([
  [
    'pod-oom-kiled',
    /^"pod-oom-kiled" is no runbook, no cluster and no number of minutes\. Did you mean `pod-oom-killed`\? Write: /,
  ],
  ['--server=https://evil', /is no runbook/],
  ['pod-oom-killed lab lab lab 0', /whole minutes from 1 to 120/],
  ['500', /whole minutes/],
  ['5 6', /^"6" is no runbook/],
  ['a\u202eb\nc', /^"a�b�c" is no runbook/],
])('/investigate %s is refused with what to change', (words, because) => {
  expect(parseInvestigateWords(words.split(' '), KNOWN)).toEqual({ problem: expect.stringMatching(because) })
})

test('where no cluster answers there is nothing to look at', () => {
  expect(parseInvestigateWords([], { runbooks: [], clusters: [] })).toEqual({
    problem: expect.stringMatching(/doctor/),
  })
})

test('a request file, as YAML and as JSON', () => {
  const yaml =
    'name: sunday\nclusters: [edge]\nminutes: 20\nside_by_side: true\nquestion: Is it slow?\nlabels: { namespace: media }\n'
  const expected = {
    ...ALL,
    name: 'sunday',
    clusters: ['edge'],
    minutes: 20,
    sideBySide: true,
    question: 'Is it slow?',
    labels: { namespace: 'media' },
  }
  expect(parseRequestFile(yaml, KNOWN)).toEqual(expected)
  expect(parseRequestFile('{"runbook":"pod-oom-killed"}', KNOWN)).toEqual({
    ...ALL,
    name: 'pod-oom-killed',
    runbook: 'pod-oom-killed',
  })
  expect(parseRequestFile('', KNOWN)).toEqual(ALL)
})

test.each([
  ['minutes: soon', /^minutes: .*It may have name, runbook, question/],
  ['clusters: [lab, nowhere]', /^There is no cluster "nowhere".*There are: lab, edge, rack/],
  ['runbook: nothing', /^There is no runbook "nothing"/],
  ['command: rm -rf /', /^The file: /],
  ['name: ../../etc/passwd', /^Name it with lower-case letters/],
  ['labels: { "a b": c }', /is not the name of a label/],
  ['a: &x 1\nb: *x', /is not YAML|Line|The file/],
  ['minutes: [', /^Line 1 is not YAML/],
])('a file with %s is refused with what to change', (text, because) => {
  expect(parseRequestFile(text, KNOWN)).toEqual({ problem: expect.stringMatching(because) })
})
