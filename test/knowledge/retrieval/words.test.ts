import { expect, test } from 'vitest'
import { stem } from '../../../src/knowledge/retrieval/porter.ts'
import { camelParts, normalName, termsOf } from '../../../src/knowledge/retrieval/words.ts'

test.each([
  ['caresses', 'caress'],
  ['ponies', 'poni'],
  ['agreed', 'agre'],
  ['plastered', 'plaster'],
  ['motoring', 'motor'],
  ['conflated', 'conflat'],
  ['hopping', 'hop'],
  ['failing', 'fail'],
  ['filing', 'file'],
  ['happy', 'happi'],
  ['relational', 'relat'],
  ['vietnamization', 'vietnam'],
  ['electricity', 'electr'],
  ['adjustment', 'adjust'],
  ['adoption', 'adopt'],
  ['controlling', 'control'],
  ['rate', 'rate'],
  ['sky', 'sky'],
  ['k8s', 'k8s'],
])('%s has the stem %s', (word, expected) => {
  expect(stem(word)).toBe(expected)
})

test('a word in camel case is cut where it was joined', () => {
  expect(camelParts('KubePodCrashLooping')).toEqual(['Kube', 'Pod', 'Crash', 'Looping'])
  expect(camelParts('etcdGRPCRequestsSlow')).toEqual(['etcd', 'GRPC', 'Requests', 'Slow'])
})

test('terms are the whole word, its parts, and the pairs that stand side by side in a line', () => {
  const { words, pairs } = termsOf('KubePodCrashLooping is here\nnodes')
  expect(words).toEqual(['kubepodcrashlooping', 'kube', 'pod', 'crash', 'loop', 'here', 'node'])
  expect(pairs).toEqual(['kube pod', 'pod crash', 'crash loop', 'loop here'])
})

test('a name is the same however it is written', () => {
  expect(new Set(['Kube API Down', 'kube-api-down', 'KubeAPIDown', 'kube_api_down'].map(normalName)).size).toBe(1)
})
