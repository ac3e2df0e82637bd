import { describe, expect, test } from 'vitest'
import { imageStep } from '../../src/changes/images.ts'
import { workloadChanges } from '../../src/changes/workloads.ts'

const window = { from: new Date('2026-11-21T01:14:00Z'), until: new Date('2026-11-21T02:14:00Z') }
const revision = (number: number, created: string, image: string, current = false) => ({
  revision: number,
  current,
  name: `radarr-rs${number}`,
  created,
  images: [image],
})
const scaled = (at: string, message: string) => ({ at, reason: 'ScalingReplicaSet', message })
const read = (items: object[], events: object[] = []) =>
  workloadChanges(
    { name: 'radarr', kind: 'deployment', history: { items }, described: { events, gitops: null } },
    window,
  )

test('a new ReplicaSet is told by its images, old to new', () => {
  const items = [
    revision(14, '2026-11-21T01:58:00Z', 'ghcr.io/x/radarr:5.22', true),
    revision(13, '2026-11-01T10:00:00Z', 'ghcr.io/x/radarr:5.21'),
  ]
  const events = [scaled('2026-11-21T01:58:01Z', 'Scaled up replica set radarr-rs14 from 0 to 1')]
  expect(read(items, events)).toEqual([
    { at: '2026-11-21T01:58:00Z', what: 'radarr 5.21 → 5.22', note: 'ReplicaSet 14' },
  ])
})

test('what was before the window, or after the alert began, is not told', () => {
  expect(
    read([
      revision(15, '2026-11-21T02:15:00Z', 'a:3', true),
      revision(14, '2026-11-21T01:13:59Z', 'a:2'),
      revision(13, '2026-11-01T10:00:00Z', 'a:1'),
    ]),
  ).toEqual([])
})

test('the second in which the alert began counts', () => {
  expect(
    read([revision(2, '2026-11-21T02:14:00Z', 'a:2', true), revision(1, '2026-11-01T10:00:00Z', 'a:1')]),
  ).toHaveLength(1)
})

test('an undo makes no ReplicaSet, and is told all the same', () => {
  const items = [
    revision(15, '2026-11-01T10:00:00Z', 'x/radarr:5.21', true),
    revision(14, '2026-11-20T10:00:00Z', 'x/radarr:5.22'),
  ]
  items[0] = { ...items[0], name: 'radarr-rs13' } as (typeof items)[number]
  const events = [
    scaled('2026-11-21T02:00:00Z', 'Scaled down replica set radarr-rs14 from 1 to 0'),
    scaled('2026-11-21T02:00:00Z', 'Scaled up replica set radarr-rs13 from 0 to 1'),
  ]
  expect(read(items, events)).toEqual([
    { at: '2026-11-21T02:00:00Z', what: 'radarr 5.22 → 5.21, back to an earlier version', note: 'ReplicaSet 15' },
  ])
})

test('a change of size alone is told in the controller’s words; warnings are symptoms and are not', () => {
  const events = [
    scaled('2026-11-21T02:00:00Z', 'Scaled down replica set radarr-rs13 from 3 to 1'),
    { at: '2026-11-21T02:01:00Z', reason: 'ReplicaFailure', message: 'quota' },
  ]
  expect(read([revision(13, '2026-11-01T10:00:00Z', 'a:1', true)], events)).toEqual([
    { at: '2026-11-21T02:00:00Z', what: 'radarr: Scaled down replica set radarr-rs13 from 3 to 1' },
  ])
})

test('answers that are missing or of another shape are no change', () => {
  const looks = { name: 'radarr', kind: 'deployment', history: { items: 'none' }, described: undefined }
  expect(workloadChanges(looks, window)).toEqual([])
})

describe('images', () => {
  test.each([
    [['a/web:1'], ['a/web:2'], 'web 1 → 2'],
    [['a/web'], ['a/web:2'], 'web latest → 2'],
    [['r:5000/a/web:1'], ['r:5000/a/web:1'], 'web rolled out anew, same image'],
    [['a/web:1'], ['b/web:1'], 'web web:1 → web:1'],
    [['a/web@sha256:0123456789abcdef'], ['a/web@sha256:fedcba9876543210'], 'web 0123456789ab → fedcba987654'],
    [['a/web:1', 'a/proxy:1'], ['a/web:1', 'a/proxy:2'], 'proxy 1 → 2'],
    [['a/web:1'], ['a/web:1', 'a/proxy:2'], 'web gained proxy:2'],
    [['a/web:1', 'a/proxy:2'], ['a/web:1'], 'web lost a container'],
    [undefined, ['a/web:1'], 'web appeared with web:1'],
  ])('%j to %j', (before, now, words) => {
    expect(imageStep('web', before, now)).toBe(words)
  })
})
