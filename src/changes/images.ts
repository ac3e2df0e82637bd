/** `radarr 5.21 → 5.22`; for several containers each that differs, by its image's name. */
export function imageStep(name: string, before: readonly string[] | undefined, now: readonly string[]): string {
  if (before === undefined) return `${name} appeared${now.length > 0 ? ` with ${now.map(short).join(', ')}` : ''}`
  const steps = now.flatMap((image, at) =>
    image === before[at] ? [] : [step(name, before[at], image, now.length > 1)],
  )
  const gone = before.length > now.length ? [`${name} lost a container`] : []
  return [...steps, ...gone].join(', ') || `${name} rolled out anew, same image`
}

function step(name: string, before: string | undefined, now: string, several: boolean): string {
  if (before === undefined) return `${name} gained ${short(now)}`
  const [from, to] = [parts(before), parts(now)]
  if (from.repository === to.repository) return `${several ? to.base : name} ${from.version} → ${to.version}`
  return `${name} ${short(before)} → ${short(now)}`
}

function short(image: string): string {
  const { base, version } = parts(image)
  return `${base}:${version}`
}

/** A reference as `registry/path/name:tag@digest`; what is left out is `latest`. */
function parts(image: string): { repository: string; base: string; version: string } {
  const [name = '', digest] = image.split('@')
  const slash = name.lastIndexOf('/')
  const colon = name.indexOf(':', slash + 1)
  const repository = colon === -1 ? name : name.slice(0, colon)
  const tag = colon === -1 ? undefined : name.slice(colon + 1)
  return {
    repository,
    base: repository.slice(repository.lastIndexOf('/') + 1),
    version: tag ?? (digest === undefined ? 'latest' : digest.replace(/^sha256:/, '').slice(0, 12)),
  }
}
