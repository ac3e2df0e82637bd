import { afterEach, expect, test } from 'vitest'
import { incidentView } from '../../src/chat/incident-view.ts'
import { neverLeaves } from '../../src/inference/never-leaves.ts'
import { incidentFacts } from '../../src/investigation/incident-facts.ts'
import { json } from '../../src/storage/postgres.ts'
import { alice, endings, startWatch, type Watch } from './telegram-watch.ts'

const after = endings()
afterEach(after.run)

const outside = {
  keepsHome: neverLeaves([{ label: 'namespace', values: ['private'] }]),
  cloud: true,
}

test('what stays at home is never written to Telegram: a bare card, a bare ping, a bare end', async () => {
  const watch = await startWatch(after, {
    deps: { outside },
    config: { publicUrl: 'https://watch.example' },
  })
  const { records, telegram, quiet } = watch
  const incident = await records.open({
    severity: 'critical',
    namespace: 'private',
    workload: 'diary',
    ping: 'critical',
  })
  await records.ask(incident)
  await quiet()
  const said = () => JSON.stringify(telegram.messages())
  expect(said()).toContain(`https://watch.example/incidents/${incident}`)
  expect(said()).toContain('stays at home')
  const card = telegram.messages().find(({ text }) => text.includes('The console shows it'))
  expect(card?.keyboard.flat().map(({ text }) => text)).toEqual(['Quiet ▾', 'More ▾'])
  await telegram.press({ message_id: card?.message_id ?? 0, text: 'Quiet', from: alice })
  await quiet()
  await records.move(incident, 'watching')
  await records.move(incident, 'closed', 'self_resolved')
  await records.announce(incident)
  await quiet()
  for (const word of ['diary', 'private', 'radarr', 'restarting', 'KubePod', 'talos-main'])
    expect(said()).not.toContain(word)
})

test('control: without the rule the same incident is told in full', async () => {
  const { records, telegram, quiet } = await startWatch(after)
  await records.open({ severity: 'critical', namespace: 'private', workload: 'diary' })
  await quiet()
  expect(JSON.stringify(telegram.messages())).toContain('diary')
})

/** An incident whose own labels may leave, with one old alert among many whose labels may not. */
async function hidden({ sql, records }: Watch, alerts: number): Promise<number> {
  const id = await records.open({ severity: 'critical', workload: 'diary' })
  await sql`
    insert into alerts (source, fingerprint, starts_at, status, incident_id, labels, annotations)
    values ('alertmanager', 'private', now() - interval '1 day', 'resolved', ${id}, ${json(sql, { namespace: 'private' })}, '{}')`
  await sql`
    insert into alerts (source, fingerprint, starts_at, status, incident_id, labels, annotations)
    select 'alertmanager', 'more-' || n, now(), 'firing', ${id}, jsonb_build_object('pod', 'diary-' || n), '{}'
    from generate_series(1, ${alerts}::int) n`
  return id
}

test('one label among more alerts than a card lists keeps it at home', async () => {
  const watch = await startWatch(after, { start: false })
  const { sql, records } = watch
  const id = await hidden(watch, 60)
  expect(await incidentView(sql, id, () => undefined, outside)).toMatchObject({ keptHome: true, askCloud: false })
  const many = await hidden(watch, 250)
  await records.move(many, 'watching')
  const facts = await incidentFacts(sql, { incident: many, round: 1 }, new Map(), AbortSignal.timeout(10_000))
  expect(facts?.allLabels.some(outside.keepsHome)).toBe(true)
})

test('a list of what is open says no more of it than that it is there', async () => {
  const watch = await startWatch(after, { deps: { outside } })
  const plain = await watch.records.open({ workload: 'radarr' })
  const id = await hidden(watch, 1)
  await watch.quiet()
  const { message_id } = await watch.telegram.say({ text: '/incidents', from: alice })
  const { text } = await watch.telegram.waitFor(({ messages }) =>
    messages.find(({ reply_to }) => reply_to === message_id),
  )
  expect(text).toContain(`#${plain} radarr keeps restarting: `)
  expect(text).toContain(`#${id} an incident that stays at home (critical): `)
  expect(text).not.toContain('diary')
})
