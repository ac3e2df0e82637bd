import { expect, test } from 'vitest'
import { chooseTools } from '../../src/conversation/choose-tools.ts'

const tools = [
  { name: 'kubernetes.describe', description: 'One object with its events.' },
  { name: 'proxmox.storage_list', description: 'Storages and how full they are.' },
  { name: 'talos.etcd_status', description: 'Members of etcd and its database.' },
  { name: 'kubernetes.logs', description: 'Log lines of a container.' },
  { name: 'proxmox.tasks_list', description: 'Tasks of a node.' },
]

test('few tools are all offered; of many those that have to do with what is asked, in their own order', () => {
  expect(chooseTools(tools, ['anything'], 9)).toEqual(tools)
  const names = (text: string) => chooseTools(tools, [text], 3).map(({ name }) => name)
  expect(names('is the storage full?')).toEqual(['kubernetes.describe', 'proxmox.storage_list', 'kubernetes.logs'])
  expect(names('how is etcd?')).toEqual(['kubernetes.describe', 'talos.etcd_status', 'kubernetes.logs'])
})
