/** Endings of names that are a host's: private ones, and the common public ones. */
const ENDINGS = new Set(
  'local lan internal intranet home corp private localdomain arpa test example invalid localhost svc cluster ts onion net com org info biz io dev app cloud me tv xyz site online tech zone systems network host eu de at ch fr nl be uk us ca it es pt pl cz se no fi dk ie ru ua jp cn kr in au nz br mx za co'.split(
    ' ',
  ),
)

/** Names that everybody knows: they tell nothing of this place, and a model needs them. */
const PUBLIC =
  /(?:^|\.)(?:k8s\.io|kubernetes\.io|docker\.io|docker\.com|ghcr\.io|quay\.io|gcr\.io|github\.com|github\.io|prometheus\.io|cert-manager\.io|argoproj\.io|fluxcd\.io|helm\.sh|talos\.dev|siderolabs\.com|sidero\.dev|proxmox\.com|grafana\.com|longhorn\.io|rook\.io|cilium\.io|istio\.io|traefik\.io|letsencrypt\.org|coreos\.com|openshift\.io|cncf\.io|x-k8s\.io|debian\.org|alpinelinux\.org|googleapis\.com|pkg\.dev|svc|svc\.cluster\.local|cluster\.local)$/i

/** Whether a dotted word is the name of a machine that belongs to somebody, rather than of a file, a field or a tool. */
export function isHostName(word: string): boolean {
  const parts = word.split('.')
  const ending = parts.at(-1)?.toLowerCase() ?? ''
  if (/^(?:svc|svc\.cluster\.local|cluster\.local)$/i.test(word)) return false
  if (PUBLIC.test(word) && !/(?:svc|cluster\.local)$/i.test(word)) return false
  if (/^(?:kubernetes|proxmox|talos|knowledge|prometheus)$/.test(parts[0] ?? '') && parts.length === 2) return false
  return ENDINGS.has(ending) && !/^\d+$/.test(ending)
}
