import { execFile } from 'node:child_process'
import { copyFile, mkdir, readdir, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { withLock } from './folder-lock.ts'

/** A Git remote that reports are pushed to. */
export interface ReportsRemote {
  /** As `git clone` takes it: an address, or a path. It may hold a token: never shown. */
  url: string
  branch: string
  /** Where the clone is kept. */
  clone: string
  /** What Git and ssh are given of it is little: where they are, whose home it is, the way out. */
  env: Readonly<Record<string, string | undefined>>
  /** Milliseconds for each command; 60,000 unless told. */
  timeoutMs?: number
}

const FOLDER = 'reports'

/**
 * Copies every report that the clone does not have into it, and `written`, which it may have otherwise; commits and pushes. Git is started with lists of arguments and no
 * shell, asks nobody for a password, and speaks only over https, ssh and files. One process pushes at a time. A failure is a sentence; the next call tries again.
 */
export async function pushReports(
  folder: string,
  remote: ReportsRemote,
  written: string,
): Promise<true | { problem: string }> {
  const { timeoutMs = TIMEOUT_MS } = remote
  const times = { staleMs: timeoutMs + 10_000, patienceMs: MOST_COMMANDS * timeoutMs }
  try {
    const pushed = await withLock(`${remote.clone}.lock`, times, async (alive) => {
      await push(folder, { ...remote, alive }, written)
    })
    if (pushed) return true
    return { problem: `The report waits for a push that takes long. ${LATER}` }
  } catch (error) {
    return { problem: `The report could not be pushed: ${reasonOf(error, remote)} ${LATER}` }
  }
}

const LATER = 'It is kept in the folder and goes along with the next one.'
const TIMEOUT_MS = 60_000
/** What one push may take at most. */
const MOST_COMMANDS = 5

/** The clone is ours alone, until this ends. */
interface Held extends ReportsRemote {
  /** Shows that it is still being worked on. */
  alive: () => Promise<void>
}

async function push(folder: string, remote: Held, written: string): Promise<void> {
  await cloned(remote)
  await git(remote, ['fetch', '--quiet', 'origin'])
  const there = await git(remote, ['ls-remote', 'origin', `refs/heads/${remote.branch}`])
  if (there !== '') await git(remote, ['reset', '--quiet', '--hard', `refs/remotes/origin/${remote.branch}`])
  const inside = join(remote.clone, FOLDER)
  await mkdir(inside, { recursive: true })
  const known = new Set(await readdir(inside))
  const fresh = (await readdir(folder))
    .filter((name) => name.endsWith('.md') && (name === written || !known.has(name)))
    .sort()
  for (const name of fresh) await copyFile(join(folder, name), join(inside, name))
  if (fresh.length > 0) {
    await git(remote, ['add', '--', ...fresh.map((name) => `${FOLDER}/${name}`)])
    const changed = await git(remote, ['status', '--porcelain', '--untracked-files=no'])
    if (changed !== '') await git(remote, ['commit', '--quiet', '-m', subjectOf(fresh)])
  }
  // What an earlier push left behind goes along even where nothing is new.
  const head = await git(remote, ['rev-parse', '--quiet', '--verify', 'HEAD']).catch(() => '')
  if (head !== '' && !there.startsWith(head))
    await git(remote, ['push', '--quiet', 'origin', `HEAD:refs/heads/${remote.branch}`])
}

async function cloned(remote: Held): Promise<void> {
  const there = await stat(join(remote.clone, '.git')).catch(() => undefined)
  if (there) {
    // A Git that was killed leaves its own behind; nobody else works here.
    for (const name of ['index', 'HEAD', 'config'])
      await rm(join(remote.clone, '.git', `${name}.lock`), { force: true })
    await git(remote, ['remote', 'set-url', '--', 'origin', remote.url])
    return
  }
  await mkdir(remote.clone, { recursive: true })
  await git(remote, ['init', '--quiet'])
  await git(remote, ['remote', 'add', '--', 'origin', remote.url])
}

async function git({ clone, env, timeoutMs = TIMEOUT_MS, alive }: Held, args: readonly string[]): Promise<string> {
  await alive()
  const who = [
    '-c',
    'user.name=Watchkeeper',
    '-c',
    'user.email=watchkeeper@localhost',
    '-c',
    'commit.gpgsign=false',
    '-c',
    'core.hooksPath=/dev/null',
  ]
  const { stdout } = await promisify(execFile)('git', [...who, ...args], {
    cwd: clone,
    timeout: timeoutMs,
    maxBuffer: 4 * 1_024 * 1_024,
    env: {
      ...ours(env),
      GIT_TERMINAL_PROMPT: '0',
      GIT_ALLOW_PROTOCOL: 'https:ssh:file',
      GIT_SSH_COMMAND: 'ssh -o BatchMode=yes',
    },
  })
  return stdout.trim()
}

const WANTED = [
  'PATH',
  'HOME',
  'USER',
  'LANG',
  'SSH_AUTH_SOCK',
  'SSL_CERT_FILE',
  'HTTPS_PROXY',
  'https_proxy',
  'NO_PROXY',
  'no_proxy',
]

/** What Git and ssh need of the environment, and none of its secrets. */
function ours(env: ReportsRemote['env']): Record<string, string> {
  return Object.fromEntries(
    WANTED.flatMap((name): [string, string][] => {
      const value = env[name]
      return value === undefined ? [] : [[name, value]]
    }),
  )
}

function subjectOf(fresh: readonly string[]): string {
  return fresh.length === 1 ? `Report ${fresh[0]}` : `${fresh.length} reports`
}

/** What Git said, in one line and without the address, which may hold a token. */
function reasonOf(error: unknown, { url, timeoutMs = TIMEOUT_MS }: ReportsRemote): string {
  const { stderr = '', killed = false, code } = Object(error) as { stderr?: string; killed?: boolean; code?: unknown }
  if (code === 'ENOENT') return 'git is not installed.'
  if (killed) return `git did not end within ${timeoutMs / 1_000} s.`
  const said = stderr.split('\n').find((line) => /^(?:fatal|error|remote|!)/.test(line.trim())) ?? 'git failed.'
  const clean = said
    .replaceAll(url, 'the remote')
    .replace(/\/\/[^/@\s]+@/g, '//…@')
    .trim()
    .slice(0, 200)
  return /[.!?]$/.test(clean) ? clean : `${clean}.`
}
