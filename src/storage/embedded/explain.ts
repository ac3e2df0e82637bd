import { OperatorError } from '../../domain/errors.ts'

/** Turns a failed start into a sentence, from what the server said and what the file system answered. */
export function explainStart(error: unknown, dataDir: string, said: readonly string[]): OperatorError {
  if (error instanceof OperatorError) return error
  const text = `${said.join('\n')}\n${error instanceof Error ? error.message : ''}`
  const sentence = CAUSES.find(({ sign }) => sign.test(text))?.sentence(dataDir)
  return new OperatorError(sentence ?? unexplained(dataDir, said), { cause: error })
}

type Cause = { sign: RegExp; sentence(dataDir: string): string }

const CAUSES: readonly Cause[] = [
  {
    sign: /No space left on device|ENOSPC|Disk quota exceeded|EDQUOT/,
    sentence: (dataDir) => `The disk that holds ${dataDir} is full. Free some space, or set DATA_DIR to another disk.`,
  },
  {
    sign: /EROFS|Read-only file system/,
    sentence: (dataDir) =>
      `The data folder ${dataDir} is on a read-only disk. Set DATA_DIR to a folder that can be written.`,
  },
  {
    sign: /EACCES|EPERM|Permission denied|has wrong ownership|invalid permissions|Operation not permitted|unable to open database file|readonly database/,
    sentence: (dataDir) =>
      `The data folder ${dataDir} cannot be used by this user. Give the user (for root: the system user postgres) the folder and everything in it and access to the folders above it, or set DATA_DIR to another folder.`,
  },
  {
    sign: /ENOENT: .*, mkdir /,
    sentence: (dataDir) => `The data folder ${dataDir} cannot be made there. Set DATA_DIR to another path.`,
  },
  {
    sign: /ENOTDIR|EEXIST|ENAMETOOLONG/,
    sentence: (dataDir) => `${dataDir} cannot be a folder: something else has that name. Set DATA_DIR to another path.`,
  },
  {
    sign: /database files are incompatible|was initialized by PostgreSQL version/,
    sentence: (dataDir) =>
      `The database in ${dataDir} was made by another major version of Postgres. Start the Watchkeeper that made it, or move the folder away to begin with an empty one.`,
  },
  {
    sign: /could not (create|resize|open) shared memory|Cannot allocate memory/,
    sentence: () => 'There is not enough memory, or shared memory, to start the embedded Postgres. Give it more.',
  },
]

function unexplained(dataDir: string, said: readonly string[]): string {
  const last = said
    .flatMap((text) => text.split('\n'))
    .filter((line) => /FATAL|PANIC|ERROR|HINT|error/.test(line))
    .slice(-3)
  const words = last.length > 0 ? ` It said: ${last.join(' / ')}` : ''
  return `The embedded Postgres in ${dataDir} did not start.${words} Mend that, or set DATABASE_URL to a Postgres of your own.`
}
