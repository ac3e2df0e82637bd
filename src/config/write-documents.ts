import { writeFile } from 'node:fs/promises'
import { configurationPage, envExample } from './documents.ts'

/** Writes `.env.example` and `docs/configuration.md` anew. Run it after every change of a variable. */
await writeFile(new URL('../../.env.example', import.meta.url), envExample())
await writeFile(new URL('../../docs/configuration.md', import.meta.url), configurationPage())
