import { z } from 'zod'
import { UPID_PATTERN } from './upid.ts'

/** Arguments that several tools take. Patterns are strict: names go into paths and into what people read on a card. */

/** A guest by its id; VMIDs start at 100. */
export const GuestId = z.int().min(100)

export const NodeName = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9-]{0,62}$/, 'must be the name of a node, such as "pve1"')

export const StorageId = z
  .string()
  .regex(/^[A-Za-z][\w.-]{1,99}$/, 'must be the name of a storage, such as "local-lvm"')

export const SnapshotName = z
  .string()
  .regex(/^[A-Za-z][\w-]{1,39}$/, 'must be the name of a snapshot, such as "before-upgrade"')

export const TaskType = z.string().regex(/^[a-z][\w-]{1,63}$/, 'must be a type of task, such as "vzdump"')

export const TaskId = z
  .string()
  .max(400)
  .refine((text) => UPID_PATTERN.test(text), 'must be the UPID of a task')

export const Grep = z.string().min(1).max(200).optional()

export const limitOf = (fallback: number, max = 200) => z.int().min(1).max(max).default(fallback)
