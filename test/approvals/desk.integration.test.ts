import { afterAll, beforeEach, expect, test } from 'vitest'
import { findApproval } from '../../src/approvals/approval-store.ts'
import { approvalDesk } from '../../src/approvals/desk.ts'
import { typedName } from '../../src/approvals/typed-name.ts'
import { verifyLedger } from '../../src/autonomy/ledger.ts'
import { setPolicy } from '../../src/autonomy/policy-setting.ts'
import type { Verb } from '../../src/domain/approval.ts'
import type { Person } from '../../src/domain/person.ts'
import type { Press } from '../../src/domain/press.ts'
import { findIncident } from '../../src/incidents/incident-rows.ts'
import { inTransaction } from '../../src/storage/postgres.ts'
import { action } from '../chat/views.ts'
import { testDatabase } from '../support/postgres.ts'
import {
  alice,
  anna,
  bob,
  pass,
  type Question,
  recordingAnnouncer,
  recordingQueue,
  seedQuestion,
  vera,
} from './seed.ts'

const db = await testDatabase()
const { sql } = db
afterAll(db.close)

let queue = recordingQueue()
let announcer = recordingAnnouncer()
let question: Question
let desk: ReturnType<typeof approvalDesk>
beforeEach(async () => {
  queue = recordingQueue()
  announcer = recordingAnnouncer()
  desk = approvalDesk({
    sql,
    queue,
    announcer,
    options: { authorizationTtlMs: 900_000, people: () => [alice, bob, anna, vera] },
  })
  question = await seedQuestion(sql)
})

const by = (person: Person): Pick<Press, 'person' | 'actor' | 'channel'> => ({
  person,
  actor: `console:${person.name}`,
  channel: 'console',
})
const press = async (verb: Verb, person: Person, more: Partial<Press> = {}) =>
  desk.press({ token: await question.token(verb), ...by(person), ...more })
const requests = () => sql`select verb, by, params from requests where incident_id = ${question.incident}`
const ledger = async () =>
  (await sql<{ body: object }[]>`select body from ledger where incident_id = ${question.incident} order by seq`).map(
    ({ body }) => body,
  )

test('Approve: the decision, its permit, the ledger and the job are one commit', async () => {
  expect(await press('approve', bob)).toEqual({ text: 'Approved, running.', alert: false })
  expect(await findApproval(sql, question.approval.id)).toMatchObject({ status: 'approved', decidedBy: 'bob' })
  expect(await sql`select 1 from authorizations where approval_id = ${question.approval.id}`).toHaveLength(1)
  expect(await ledger()).toMatchObject([
    { verdict: 'approved', by: 'bob', role: 'operator', plan: question.plan.digest, channel: 'console' },
  ])
  expect(queue.jobs).toEqual([
    { name: 'incident', jobs: [{ data: { incident: question.incident }, key: String(question.incident) }] },
  ])
  expect((await findIncident(sql, question.incident))?.wants).toBe(2)
  expect(announcer.cards).toEqual([question.incident])
})

test('Reject permits nothing', async () => {
  expect((await press('reject', bob)).text).toBe('Rejected. Nothing runs.')
  expect(await sql`select 1 from authorizations where approval_id = ${question.approval.id}`).toHaveLength(0)
  expect(await ledger()).toMatchObject([{ verdict: 'rejected', by: 'bob' }])
})

test('Approve and Reject at once: both are told the same', async () => {
  for (let race = 0; race < 25; race++) {
    question = await seedQuestion(sql)
    const tokens = await Promise.all([question.token('approve'), question.token('reject')])
    const answers = await Promise.all([
      desk.press({ token: tokens[0], ...by(alice) }),
      desk.press({ token: tokens[1], ...by(bob) }),
    ])
    const approval = await findApproval(sql, question.approval.id)
    const [first, second] =
      approval?.status === 'approved'
        ? ['Approved, running.', 'alice approved this already.']
        : ['bob rejected this already.', 'Rejected. Nothing runs.']
    expect(answers.map(({ text }) => text)).toEqual([first, second])
    expect(await ledger()).toHaveLength(1)
  }
})

test('fifty presses at once by two people are one decision', async () => {
  const token = await question.token('approve')
  const answers = await Promise.all(
    Array.from({ length: 50 }, (_, at) => desk.press({ token, ...by(at % 2 === 0 ? alice : bob) })),
  )
  const texts = answers.map(({ text }) => text)
  expect(texts.filter((text) => text === 'Approved, running.')).toHaveLength(1)
  expect(new Set(texts).size).toBe(2)
  expect(await ledger()).toHaveLength(1)
  expect(queue.jobs).toHaveLength(1)
})

test('an update that Telegram delivers again is taken once, and answered as before', async () => {
  const token = await question.token('reject')
  const again = { token, ...by(bob), updateId: 7_000_001 }
  const answers = await Promise.all([desk.press(again), desk.press(again), desk.press(again)])
  expect(answers.map(({ text }) => text)).toEqual(Array(3).fill('Rejected. Nothing runs.'))
  expect(await sql`select 1 from votes where approval_id = ${question.approval.id}`).toHaveLength(1)
})

test('after the last moment the press is told so, and the vote does not count', async () => {
  const token = await question.token('approve')
  await pass(sql, 3_600_001)
  expect(await desk.press({ token, ...by(alice) })).toEqual({
    text: 'This has expired, and nothing ran. Ask for a new plan on the card.',
    alert: true,
  })
  expect(await sql`select 1 from authorizations where approval_id = ${question.approval.id}`).toHaveLength(0)
  await pass(sql, -3_600_001)
})

test('of two that are wanted, the first one too is told when it is too late', async () => {
  question = await seedQuestion(sql, { asks: 'two' })
  const token = await question.token('approve')
  await pass(sql, 3_600_001)
  expect((await desk.press({ token, ...by(alice) })).text).toBe(
    'This has expired, and nothing ran. Ask for a new plan on the card.',
  )
  await pass(sql, -3_600_001)
})

test('two people: not one twice, not the proposer, and one of them an admin', async () => {
  question = await seedQuestion(sql, { asks: 'two', proposedBy: 'bob' })
  expect((await press('approve', bob)).text).toBe('You asked for this one: two others must approve it.')
  expect((await press('approve', anna)).text).toBe('Noted. A second person must approve too.')
  expect((await press('approve', anna)).text).toBe('Your approval is in. A second person must approve too.')
  const another = { name: 'carl', telegramId: 1005, role: 'operator' } as const
  expect((await press('approve', another)).text).toBe('Noted. One of the two must be an admin.')
  expect((await findApproval(sql, question.approval.id))?.status).toBe('pending')
  expect((await press('approve', alice)).text).toBe('Approved, running.')
})

test('two people: not one who proposed what the plan was made from', async () => {
  question = await seedQuestion(sql, { asks: 'two', proposedBy: 'bob', authors: ['alice'] })
  const said = 'You asked for this one: two others must approve it.'
  expect((await press('approve', alice)).text).toBe(said)
  expect((await press('approve', bob)).text).toBe(said)
  expect((await press('approve', anna)).text).toBe('Noted. A second person must approve too.')
})

test('what two decided stands in the ledger as the decision of both, with the votes of each', async () => {
  question = await seedQuestion(sql, { asks: 'two' })
  await press('approve', alice)
  await press('approve', bob)
  const at = expect.stringMatching(/^\d{4}-.*Z$/)
  const approved = { verdict: 'approve', at }
  expect(await ledger()).toMatchObject([
    {
      verdict: 'approved',
      by: 'bob',
      votes: [
        { person: 'alice', role: 'admin', ...approved },
        { person: 'bob', role: 'operator', ...approved },
      ],
    },
  ])
  expect((await verifyLedger(sql)).ok).toBe(true)
})

test('a rejection keeps in the ledger who had approved before it', async () => {
  question = await seedQuestion(sql, { asks: 'two' })
  await press('approve', alice)
  await press('reject', anna)
  expect(await ledger()).toMatchObject([
    {
      verdict: 'rejected',
      votes: [
        { person: 'alice', verdict: 'approve' },
        { person: 'anna', verdict: 'reject' },
      ],
    },
  ])
})

test('while everything is frozen an approval is not used up: it counts after the thaw', async () => {
  question = await seedQuestion(sql, { asks: 'two' })
  await press('approve', alice)
  await setPolicy(sql, 'FROZEN', 'alice')
  const frozen = { text: 'Everything is frozen. Approve this after an admin says /thaw.', alert: true }
  expect(await press('approve', bob)).toEqual(frozen)
  expect((await findApproval(sql, question.approval.id))?.status).toBe('pending')
  expect(await sql`select person from votes where approval_id = ${question.approval.id}`).toEqual([{ person: 'alice' }])
  await setPolicy(sql, 'VERBOSE', 'alice')
  expect((await press('approve', bob)).text).toBe('Approved, running.')
})

test('what is frozen may be rejected', async () => {
  await setPolicy(sql, 'FROZEN', 'alice')
  expect((await press('reject', bob)).text).toBe('Rejected. Nothing runs.')
  await setPolicy(sql, 'VERBOSE', 'alice')
})

test('one Reject is enough against any number of approvals', async () => {
  question = await seedQuestion(sql, { asks: 'two' })
  await press('approve', alice)
  expect((await press('reject', anna)).text).toBe('Rejected. Nothing runs.')
  expect((await press('approve', bob)).text).toBe('anna rejected this already.')
})

test('a watch of one: the name typed, a minute waited, and only then Confirm', async () => {
  question = await seedQuestion(sql, { asks: 'self_two' })
  const wanted = 'Noted. Now type the name of the target, wait 60 s, then press Confirm.'
  expect((await press('approve', alice, { typed: 'sonarr' })).text).toBe(wanted)
  expect((await press('confirm', alice)).text).toMatch(/^Wait (59|60) s more/)
  const hers = 'alice began this, and nobody else can confirm it. Reject it to start again.'
  expect((await press('confirm', bob)).text).toBe(hers)
  expect((await press('approve', bob)).text).toBe(hers)
  await pass(sql, 60_000)
  expect((await press('confirm', alice)).text).toBe(wanted)
  expect((await findApproval(sql, question.approval.id))?.status).toBe('pending')
  expect((await press('confirm', alice, { typed: ' radarr ' })).text).toBe('Approved, running.')
})

test('Confirm before anybody approved says what comes first', async () => {
  question = await seedQuestion(sql, { asks: 'self_two' })
  expect((await press('confirm', alice)).text).toBe('Press Approve first.')
})

test('the name typed into the chat counts for the question that waits for it, and for no other text', async () => {
  question = await seedQuestion(sql, { asks: 'self_two' })
  await press('approve', alice)
  const type = (person: Person, text: string, replyTo: number | null = null, toUs?: string) =>
    inTransaction(sql, (tx) =>
      typedName(
        { tx, sql, queue, announcer, person, options: { authorizationTtlMs: 900_000, people: () => [alice] } },
        text,
        { replyTo, toUs },
      ),
    )
  expect(await type(alice, 'sonarr')).toBeUndefined()
  expect(await type(bob, 'radarr')).toBeUndefined()
  expect(await type(bob, 'Radarr', question.incident)).toBeUndefined()
  for (const text of ['Radarr', 'type radarr', 'Media / Radarr']) expect(await type(alice, text)).toBe('missed')
  expect(await type(alice, 'sonarr', question.incident)).toBe('missed')
  for (const text of ['why radarr?', 'is radarr down again', 'no idea yet'])
    expect(await type(alice, text, question.incident)).toBeUndefined()
  // Said to us, a few words with the name may ask for something.
  for (const text of ['restart radarr', 'radarr logs', '@watch stop radarr'])
    expect(await type(alice, text, null, text.replace('@watch ', ''))).toBeUndefined()
  for (const text of ['Radarr', 'radarr!', '@watch Media / Radarr'])
    expect(await type(alice, text, null, text.replace('@watch ', ''))).toBe('missed')
  expect(await type(alice, 'restart radarr', question.incident, 'restart radarr')).toBe('missed')
  expect(await type(alice, 'radarr')).toBe('right')
  expect(await type(alice, 'ok', question.incident)).toBeUndefined()
  await pass(sql, 60_000)
  expect((await press('confirm', alice)).text).toBe('Approved, running.')
})

test.each([
  [{ kind: 'Deployment', namespace: 'media', name: 'radarr' }, 'media/radarr'],
  [{ kind: 'VirtualMachine', namespace: null, name: '131' }, 'VM 131'],
])('the name counts as the card writes it too: %o is %s', async (target, typed) => {
  const actions = [action({ target: { ...action().target, ...target } })]
  question = await seedQuestion(sql, { asks: 'self_two', actions })
  await press('approve', alice)
  await pass(sql, 60_000)
  expect(await press('confirm', alice, { typed: `${typed}!` })).toEqual({
    text: `That is not the name to the letter. Type: ${target.name}`,
    alert: true,
  })
  expect((await press('confirm', alice, { typed })).text).toBe('Approved, running.')
})

test('a viewer looks and decides nothing', async () => {
  for (const verb of ['approve', 'reject', 'snooze', 'ignore', 'taken', 'again', 'abandon'] as const)
    expect((await press(verb, vera)).text).toBe('You may look, but not decide: your role is viewer.')
  expect(await requests()).toHaveLength(0)
  expect((await press('menu', vera)).text).toBe('')
})

test.each(['ignore', 'snooze', 'again', 'undo', 'rest', 'check_again', 'run_again', 'abandon'] as const)(
  '%s is kept for the graph once, whoever presses the button after',
  async (verb) => {
    const token = await question.token(verb)
    await Promise.all([desk.press({ token, ...by(alice) }), desk.press({ token, ...by(bob) })])
    expect(await requests()).toHaveLength(1)
    const [{ by: who } = { by: '' }] = await requests()
    expect((await desk.press({ token, ...by(anna) })).text).toBe(`${who} pressed this already.`)
    expect(queue.jobs).toHaveLength(1)
    expect(await ledger()).toMatchObject([{ verb, by: who }])
  },
)

test('a menu opens for all channels; a button of an older drawing says so', async () => {
  const token = await question.token('details')
  expect(await desk.press({ token, ...by(vera) })).toEqual({ text: '', alert: false })
  expect((await findIncident(sql, question.incident))?.menu).toBe('details')
  expect((await desk.press({ token, ...by(bob) })).text).toBe('The card has moved on. Use the newest one.')
})

test('what is over cannot be asked for anything but the way back', async () => {
  await sql`update incidents set status = 'closed', closed_at = watch_now() where id = ${question.incident}`
  expect((await press('snooze', bob)).text).toBe('This incident is over.')
  expect((await press('undo', bob)).text).toBe('I will propose the way back and ask again.')
})
