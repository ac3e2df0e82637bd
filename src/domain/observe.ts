/**
 * Wraps a graph node (`node:execute`) or a call that leaves the process (`tool:kubernetes.scale`, `telegram:send`), for
 * timings and for whoever wants to watch. It calls `work` once and gives back what it gives.
 */
export type Observe = <T>(point: string, work: () => Promise<T>) => Promise<T>
