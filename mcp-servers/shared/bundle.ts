import { readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { build } from 'rolldown'

/**
 * Makes `dist/main.js` of a server's `src/main.ts`, in the folder it is started from: plain JavaScript with the private kit and
 * all that the kit needs inside it. What the package itself depends on stays outside and is installed beside it.
 */
const folder = process.cwd()
const { dependencies = {} } = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8'))
const outside = Object.keys(dependencies)

await rm(join(folder, 'dist'), { recursive: true, force: true })
await build({
  input: join(folder, 'src/main.ts'),
  platform: 'node',
  external: (id) => outside.some((name) => id === name || id.startsWith(`${name}/`)),
  output: { dir: join(folder, 'dist'), format: 'esm', chunkFileNames: '[name].js' },
})
