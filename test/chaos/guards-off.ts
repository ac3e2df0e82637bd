import { registerHooks } from 'node:module'
import { fileURLToPath } from 'node:url'
import { guards, patched } from './guards.ts'

/**
 * Makes a test build of whatever is loaded after this: the guard named in CHAOS_GUARD_OFF is taken out of the source as it
 * is read. Nothing in src is touched. A snippet that is not there exactly once is an error, so that a control cannot pass
 * because the code has moved on.
 */
const name = process.env.CHAOS_GUARD_OFF ?? ''
const edits = guards[name]
if (!edits) throw new Error(`There is no guard "${name}" to switch off; there are ${Object.keys(guards).join(', ')}.`)

registerHooks({
  load(url, context, nextLoad) {
    const loaded = nextLoad(url, context)
    if (!url.startsWith('file:')) return loaded
    const path = fileURLToPath(url)
    const due = edits.filter((edit) => path.endsWith(`/${edit.file}`))
    if (due.length === 0) return loaded
    const source =
      typeof loaded.source === 'string' ? loaded.source : Buffer.from(loaded.source as Uint8Array).toString()
    return { ...loaded, source: due.reduce((text, edit) => patched(text, edit, name), source) }
  },
})
