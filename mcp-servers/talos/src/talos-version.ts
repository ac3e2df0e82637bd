export type TalosVersion = { major: number; minor: number; patch: number; text: string }

/** Reads `v1.12.3` or `1.12.3-alpha.1`; undefined for anything else. */
export function parseVersion(text: string): TalosVersion | undefined {
  const [, major, minor, patch] = /^v?(\d{1,4})\.(\d{1,4})\.(\d{1,4})(?:-[0-9A-Za-z.-]{1,40})?$/.exec(text) ?? []
  if (major === undefined || minor === undefined || patch === undefined) return undefined
  return { major: Number(major), minor: Number(minor), patch: Number(patch), text: text.replace(/^v?/, 'v') }
}

/** Whether a version is this minor release or a later one. */
export function isFrom({ major, minor }: TalosVersion, wantedMajor: number, wantedMinor: number): boolean {
  return major > wantedMajor || (major === wantedMajor && minor >= wantedMinor)
}

/**
 * Why Talos may not go from one version to the other in one step, or undefined when it may: one minor release at a time, and
 * never down (rollback is for that).
 */
export function stepRefused(from: TalosVersion, to: TalosVersion): string | undefined {
  if (from.text === to.text) return `it runs ${to.text} already`
  const down =
    to.major < from.major ||
    (to.major === from.major && (to.minor < from.minor || (to.minor === from.minor && to.patch < from.patch)))
  if (down) return `${to.text} is older than ${from.text}, which runs: use rollback, or leave it`
  if (to.major !== from.major || to.minor - from.minor > 1)
    return `Talos goes one minor release at a time: from ${from.text} to the newest v${from.major}.${from.minor + 1} first`
  return undefined
}

/** The same installer image with another tag; undefined when the text is no image reference. A digest is dropped. */
export function imageOf(installer: string, version: TalosVersion): string | undefined {
  const [, repository] =
    /^([a-z0-9][a-z0-9._:/-]*?)(?::[A-Za-z0-9._-]+)?(?:@sha256:[0-9a-f]{64})?$/.exec(installer) ?? []
  return repository?.includes('/') ? `${repository}:${version.text}` : undefined
}
