import { describe, expect, test } from 'vitest'
import { OWN_SERVERS, toolRules } from '../../src/tools/rules.ts'
import { ownLists } from './own-lists.ts'

const lists = ownLists()

test('the table has no tool of a server that is not ours', () => {
  const servers = new Set([...toolRules.keys()].map((tool) => tool.slice(0, tool.indexOf('.'))))
  expect([...servers].filter((server) => !OWN_SERVERS.includes(server))).toEqual([])
})

describe.each(lists)('$server', ({ server, tools }) => {
  const rules = [...toolRules].filter(([name]) => name.startsWith(`${server}.`))

  test('every tool it publishes has a rule, and every rule a tool', () => {
    expect(rules.map(([name]) => name).sort()).toEqual(tools.map(({ name }) => `${server}.${name}`).sort())
  })

  test.each(tools.map((tool) => ({ name: tool.name, tool })))(
    '$name: its own word on the risk is ours',
    ({ name, tool }) => {
      const rule = toolRules.get(`${server}.${name}`)
      const { 'watchkeeper/effect': effect, 'watchkeeper/undoable': undoable } = tool._meta
      expect({ effect, undoable: undoable ?? false }).toEqual({ effect: rule?.effect, undoable: rule?.undoable })
      expect(tool.annotations).toMatchObject({
        readOnlyHint: rule?.effect === 'read',
        destructiveHint: rule?.effect === 'destructive',
      })
    },
  )

  test('only arguments make a call milder than its tool, and never a look', () => {
    for (const [name, { effect, effectOf }] of rules)
      if (effectOf)
        expect({ name, effect, empty: effectOf({}) }).toEqual({ name, effect: 'destructive', empty: 'destructive' })
  })
})
