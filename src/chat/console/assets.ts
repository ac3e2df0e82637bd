import { readFileSync } from 'node:fs'

export interface Asset {
  body: string
  type: string
}

/** The console's few files, read once when it is built. */
export function loadAssets(): Map<string, Asset> {
  const file = (path: string, type: string): [string, Asset] => [
    path,
    { body: readFileSync(new URL(`./assets/${path}`, import.meta.url), 'utf8'), type },
  ]
  return new Map([
    file('console.css', 'text/css; charset=utf-8'),
    file('console.js', 'text/javascript; charset=utf-8'),
    file('icon.svg', 'image/svg+xml'),
  ])
}
