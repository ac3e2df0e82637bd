import { afterEach, expect, test } from 'vitest'
import { memory, runbook } from '../scenarios/runbooks.ts'
import { phones, type Stage, type StageOptions, startStage } from './stage.ts'

let stage: Stage
const begin = async (options: StageOptions = {}) => {
  stage = await startStage({
    runbooks: { mend: runbook({ alertnames: 'KubeContainerOOMKilled', steps: memory('512Mi') }) },
    fault: 'oom',
    ...options,
  })
}
afterEach(() => stage?.stop())

/** Presses Modify as somebody, and waits for the message that asks for the words. */
async function modify(by: { id: number; first_name: string }): Promise<number> {
  const card = await stage.card('Modify')
  const pressed = await stage.telegram.press({ message_id: card.message_id, text: 'Modify', from: by })
  expect((await pressed.answer)?.text).toBe('Reply to my message with what to change.')
  const asked = await stage.telegram.waitFor(
    ({ messages }) =>
      messages.findLast(({ text, reply_to: to }) => text.includes('reply to this message') && to === card.message_id),
    { for: 'the message that asks for the words' },
  )
  return asked.message_id
}

const limit = () => JSON.stringify(stage.watch.cluster.changes())

test('a changed plan is made anew, asked for anew, and runs with the value the person named; it earns nothing', async () => {
  await begin()
  const before = await stage.watch.asked()
  const prompt = await modify(phones.bob)
  await stage.answer({ text: 'memory=2Gi', from: phones.bob, reply_to: prompt }, 'memory 2Gi instead of 512Mi')
  const after = await stage.watch.until((view, state) => state === 'asked' && view.incident.round === 2)
  expect(after.view.plan?.body).toMatchObject({
    purpose: 'edited',
    edited: {
      by: 'bob',
      of: before.view.plan?.digest,
      edits: [{ action: 0, field: 'memory', from: '512Mi', to: '2Gi' }],
    },
  })
  expect(after.view.plan?.proposedBy).toBe('bob')
  expect(after.card.lines).toContainEqual({ label: 'Changed', text: 'by bob: memory 2Gi instead of 512Mi' })
  expect(after.card.block?.join('\n')).toContain('2Gi')
  expect((await before.press('approve')).text).toBe('A newer plan has taken its place. Use the newest card.')
  expect(stage.watch.cluster.changes()).toEqual([])
  await after.press('approve')
  const end = await stage.watch.closed()
  expect(end.state).toBe('fixed')
  expect(limit()).toContain('2Gi')
  expect(limit()).not.toContain('512Mi')
  expect(stage.watch.cluster.changes()).toHaveLength(1)
  const trust = await stage.watch.db.sql`select modified, credit, outcome, because from trust`
  expect(trust).toEqual([{ modified: true, credit: 'none', outcome: 'fixed', because: 'bob changed the plan' }])
  expect(await stage.watch.audit()).toMatchObject({ ok: true })
})

test('a field that is not there, another target and a value that does not fit change nothing, and it says what can be', async () => {
  await begin()
  const before = await stage.watch.asked()
  const reply = { from: phones.bob, reply_to: await modify(phones.bob) }
  const no = await stage.answer({ text: 'memori=2Gi', ...reply }, 'There is no memori to edit')
  expect(no.text).toContain('memory (now 512Mi)')
  await stage.answer({ text: 'namespace=kube-system', ...reply }, 'There is no namespace to edit')
  await stage.answer({ text: 'dry_run=true', ...reply }, 'There is no dry_run to edit')
  await stage.answer({ text: `memory=${'9'.repeat(40)}`, ...reply }, /at most 24 characters|does not/)
  await stage.answer({ text: 'memory=512Mi', ...reply }, 'It is so already')
  await stage.answer({ text: 'more memory please', ...reply }, 'Say it as pairs, such as memory=2Gi')
  const still = await stage.watch.asked()
  expect(still.view.approval?.id).toBe(before.view.approval?.id)
  expect(await stage.watch.db.sql`select from requests`).toEqual([])
})

test('words go to the model, which may name new values and nothing else', async () => {
  let turn = 0
  const said = [
    { edits: [{ step: 1, field: 'namespace', value: 'kube-system' }], needs: '' },
    { edits: [{ step: 1, field: 'memory', value: '1Gi' }], needs: '' },
  ]
  await begin({ script: () => ({ tool: 'edit', args: said[Math.min(turn++, 1)] ?? {} }) })
  await stage.watch.asked()
  const prompt = await modify(phones.anna)
  const answer = await stage.answer(
    { text: 'twice as much, please', from: phones.anna, reply_to: prompt },
    'memory 1Gi',
  )
  expect(answer.text).toContain('qwen3:8b (local)')
  const after = await stage.watch.until((view, state) => state === 'asked' && view.incident.round === 2)
  expect(after.view.plan?.body.actions[0]?.arguments).toMatchObject({ memory: '1Gi', namespace: 'shop' })
  expect(stage.watch.cluster.changes()).toEqual([])
})

test('a viewer may not press it, nor reply to it; and a plan that was decided meanwhile is left alone', async () => {
  await begin()
  await stage.watch.asked()
  const card = await stage.card('Modify')
  const pressed = await stage.telegram.press({ message_id: card.message_id, text: 'Modify', from: phones.vera })
  expect((await pressed.answer)?.text).toContain('your role is viewer')
  const prompt = await modify(phones.bob)
  await stage.answer({ text: 'memory=2Gi', from: phones.vera, reply_to: prompt }, 'your role is viewer')
  await stage.telegram.say({ text: 'memory=9Gi', from: phones.mallory, reply_to: prompt })
  const asked = await stage.watch.asked()
  await asked.press('approve')
  await stage.watch.closed()
  await stage.answer({ text: 'memory=2Gi', from: phones.bob, reply_to: prompt }, 'does not wait for an answer any more')
  expect(limit()).not.toMatch(/2Gi|9Gi/)
})

test('a reply to the message that asks counts also where Telegram’s answer to that was lost, and its id is not known', async () => {
  await begin()
  await stage.card('Modify')
  // What else is on its way must not be what gets lost.
  await expect
    .poll(() => stage.watch.db.sql`select 1 from outbox where sent_at is null or sending_since is not null`, {
      timeout: 10_000,
    })
    .toHaveLength(0)
  stage.telegram.fail({ method: 'sendMessage', as: 'lost' })
  const prompt = await modify(phones.bob)
  await stage.answer({ text: 'memory=2Gi', from: phones.bob, reply_to: prompt }, 'memory 2Gi instead of 512Mi')
  const after = await stage.watch.until((view, state) => state === 'asked' && view.incident.round === 2)
  expect(after.view.plan?.body.actions[0]?.arguments).toMatchObject({ memory: '2Gi' })
})

test('in the console it is typed beside the button', async () => {
  await begin()
  const asked = await stage.watch.asked()
  expect((await asked.press('modify')).text).toContain('Type what to change')
  expect((await asked.press('modify', undefined, { typed: 'limits.memory=768Mi' })).text).toContain('I look at it')
  const after = await stage.watch.until((view, state) => state === 'asked' && view.incident.round === 2)
  expect(after.view.plan?.body.actions[0]?.arguments).toMatchObject({ memory: '768Mi' })
})
