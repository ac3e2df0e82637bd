import { ApiError } from './api-error.ts'
import { PLANTED } from './seed.ts'

export interface Task {
  upid: string
  node: string
  pid: number
  pstart: number
  /** Unix seconds. */
  starttime: number
  endtime?: number
  type: string
  id: string
  user: string
  /** `OK`, `WARNINGS: n` or the error; absent while it runs. */
  exit?: string
  log: string[]
  /** Its own address knows it no more; `all`: the lists neither. */
  lost?: 'address' | 'all'
}

export interface Work {
  node: string
  type: string
  id: string
  user: string
  /** Milliseconds; the default of the cluster when left out. */
  takes?: number
  /** Does the work at the end. Text is the error it fails with. */
  run: () => string | undefined
  /** Undoes what was set at the start, such as a lock, however it ends. */
  finally?: () => void
}

/** How a task that comes next ends otherwise than well. */
export interface TaskFault {
  /** Matched against `type id`, as in `qmstart 100`. */
  match: RegExp
  /**
   * warn: its work is done and it warns. fail: its work is not done. vanish: it is gone, its work done. lose: only its own
   * address forgets it. slow: it takes `ms`.
   */
  how: 'warn' | 'fail' | 'vanish' | 'lose' | 'slow'
  message?: string | undefined
  ms?: number | undefined
}

export interface Tasks {
  start(work: Work): string
  all(): Task[]
  /** Throws as Proxmox VE does for a task it does not know. */
  find(upid: string): Task
  next(fault: TaskFault): void
  /** No work is done any more. */
  stop(): void
}

/** @param takes milliseconds a task takes where nothing else is said */
export function createTasks(now: () => number, takes: number): Tasks {
  const tasks: Task[] = []
  const timers = new Set<NodeJS.Timeout>()
  let faults: TaskFault[] = []
  let serial = 4_096

  function take(type: string, id: string): TaskFault | undefined {
    const found = faults.find(({ match }) => match.test(`${type} ${id}`))
    faults = faults.filter((fault) => fault !== found)
    return found
  }

  function end(task: Task, work: Work, fault: TaskFault | undefined): void {
    const failed = fault?.how === 'fail' ? (fault.message ?? 'command failed: exit code 1') : work.run()
    work.finally?.()
    task.endtime = Math.floor(now() / 1000)
    task.exit = failed ?? (fault?.how === 'warn' ? 'WARNINGS: 1' : 'OK')
    if (fault?.how === 'warn') task.log.push(`WARN: ${fault.message ?? 'something is odd'}`)
    task.log.push(failed === undefined ? `TASK ${task.exit}` : `TASK ERROR: ${failed}`)
  }

  return {
    start(work) {
      const { node, type, id, user } = work
      const fault = take(type, id)
      serial += 1
      const [pid, pstart, starttime] = [serial, 1_000_000 + serial, Math.floor(now() / 1000)]
      const hex = (n: number) => n.toString(16).toUpperCase().padStart(8, '0')
      const upid = `UPID:${node}:${hex(pid)}:${hex(pstart)}:${hex(starttime)}:${type}:${id}:${user}:`
      const log = [`starting ${type} ${id}`, `connecting to pbs with password=${PLANTED.taskLog}`]
      const task: Task = { upid, node, pid, pstart, starttime, type, id, user, log }
      if (fault?.how === 'vanish') task.lost = 'all'
      if (fault?.how === 'lose') task.lost = 'address'
      tasks.unshift(task)
      const timer = setTimeout(
        () => {
          timers.delete(timer)
          end(task, work, fault)
        },
        fault?.how === 'slow' ? (fault.ms ?? 1_000) : (work.takes ?? takes),
      )
      timers.add(timer)
      return upid
    },
    all: () => tasks,
    find(upid) {
      const found = tasks.find((task) => task.upid === upid)
      if (!found || found.lost) throw new ApiError(500, 'no such task')
      return found
    },
    next: (fault) => {
      faults.push(fault)
    },
    stop() {
      for (const timer of timers) clearTimeout(timer)
      timers.clear()
    },
  }
}
