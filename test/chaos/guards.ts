import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

/** One place in the source and what stands there instead in the test build. */
export interface Edit {
  /** From the root of the repository. */
  file: string
  find: string
  put: string
}

/** A module that starts another process, which has to be a test build as well. */
const SERVER_TOO: readonly Edit[] = [
  {
    file: 'src/tools/server-entries.ts',
    find: 'args: [main, ...flags]',
    put: `args: ['--import', ${JSON.stringify(new URL('guards-off.ts', import.meta.url).href)}, main, ...flags]`,
  },
  {
    file: 'src/tools/server-entries.ts',
    find: 'env: Object.fromEntries(set)',
    put: "env: { ...Object.fromEntries(set), CHAOS_GUARD_OFF: process.env.CHAOS_GUARD_OFF ?? '' }",
  },
]

/** The tool server does what it is told whatever has become of the object since. */
const NO_PRECONDITION: Edit = {
  file: 'mcp-servers/shared/src/change.ts',
  find: '  if (!wanted) return\n',
  put: '  if (wanted || !wanted) return\n',
}

/** The last look before a change is taken, and what it finds is ignored. */
const NO_LAST_LOOK: Edit = {
  file: 'src/graph/nodes/execute.ts',
  find: 'const changed = await whatChanged(deps, state, action)',
  put: 'const changed = (await whatChanged(deps, state, action)) && undefined',
}

/** The database no longer says which of two starts was the first. */
const NO_COMPARE_AND_SET: Edit = {
  file: 'src/graph/effects.ts',
  find: "and status = 'planned'\n      returning *",
  put: "and status <> 'skipped'\n      returning *",
}

/**
 * The guards that can be switched off, each by what takes it out of the source. Where one promise is kept by several layers,
 * all of them are the guard: with one of them left, it would still hold.
 */
export const guards: Readonly<Record<string, readonly Edit[]>> = {
  'acknowledge after the commit': [
    {
      file: 'src/ingest/webhook.ts',
      find: "const { incidents } = await intake.take(reports, 'webhook')",
      put: "const incidents: number[] = []\n  setTimeout(() => void intake.take(reports, 'webhook').catch(() => {}), 500)",
    },
  ],
  'a started call is never made again blindly': [
    {
      file: 'src/graph/nodes/execute.ts',
      find: "    case 'started':\n    case 'in_doubt':\n      return await settle(deps, state, plan, action, effect)\n",
      put: "    case 'in_doubt':\n      return await settle(deps, state, plan, action, effect)\n    case 'started':\n",
    },
    NO_LAST_LOOK,
    NO_COMPARE_AND_SET,
    NO_PRECONDITION,
    ...SERVER_TOO,
  ],
  'only the holder of the lease starts anything': [
    {
      file: 'src/incidents/leases.ts',
      find: 'and expires_at > watch_now() for update`\n  return rows.length === 1\n',
      put: 'and expires_at > watch_now() for update`\n  return rows.length < 2\n',
    },
    {
      file: 'src/graph/nodes/execute.ts',
      find: '    ...(run.signal && { signal: run.signal }),\n    permit: {',
      put: '    permit: {',
    },
    NO_COMPARE_AND_SET,
    NO_PRECONDITION,
    ...SERVER_TOO,
  ],
  'a permission runs out': [
    {
      file: 'src/graph/effects.ts',
      find: 'and expires_at > watch_now() and',
      put: 'and',
    },
  ],
  'only people of the role decide': [
    {
      file: 'src/approvals/desk.ts',
      find: 'if (!atLeast(person.role, needed))',
      put: "if (!atLeast(person.role, needed) && needed === 'viewer')",
    },
    {
      file: 'src/graph/effects.ts',
      find: "if (!listed || !atLeast(listed.role, 'operator'))",
      put: 'if (!listed)',
    },
  ],
  'what runs is what was shown': [NO_LAST_LOOK, NO_PRECONDITION, ...SERVER_TOO],
  'a message that was not sent is sent again': [
    {
      file: 'src/chat/outbox.ts',
      find: 'const about = { err: error, channel, subject: row.subject, attempts: row.attempts }\n',
      put: "const about = { err: error, channel, subject: row.subject, attempts: row.attempts }\n  return await settle(sql, row, 'dropped')\n",
    },
  ],
  'each entry has the hash of the one before': [
    { file: 'src/autonomy/ledger.ts', find: 'let hash = last.hash ?? GENESIS', put: 'let hash = GENESIS' },
  ],
  'what a kill left lying is found': [
    { file: 'src/incidents/wake.ts', find: 'where i.wants > i.served\n', put: 'where i.wants > i.served and false\n' },
    { file: 'src/storage/queue.ts', find: 'retryLimit: 20,', put: 'retryLimit: 0,' },
  ],
}

/** The source with one edit made. Throws unless its snippet is there exactly once. */
export function patched(source: string, { file, find, put }: Edit, guard: string): string {
  const parts = source.split(find)
  if (parts.length === 2) return parts.join(put)
  const times = parts.length - 1
  throw new Error(`The guard "${guard}" cannot be switched off: its snippet is ${times} times in ${file}: ${find}`)
}

/** What is wrong with the guards: snippets that the source no longer has, each in a sentence. */
export function staleGuards(): string[] {
  return Object.entries(guards).flatMap(([guard, edits]) =>
    edits.flatMap((edit) => {
      try {
        patched(readFileSync(fileURLToPath(new URL(`../../${edit.file}`, import.meta.url)), 'utf8'), edit, guard)
        return []
      } catch (error) {
        return [error instanceof Error ? error.message : String(error)]
      }
    }),
  )
}
