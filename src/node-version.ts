/**
 * Throws, with a sentence that says what to do, when Node is older than this project can run on. Kept to what every
 * Node that can read a module understands.
 */
export function assertNodeVersion(version: string): void {
  const [major = 0, minor = 0] = version.replace(/^v/, '').split('.').map(Number)
  if (major > 22 || (major === 22 && minor >= 19)) return
  throw new Error(
    `Watchkeeper needs Node 22.19 or newer, and this is ${version}. Start it with "npm start", which uses the Node that "npm ci" installed; if that is what you did, run "npm ci" again without --ignore-scripts.`,
  )
}
