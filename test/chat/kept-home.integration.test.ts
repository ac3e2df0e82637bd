import { afterEach, expect, test } from 'vitest'
import { neverLeaves } from '../../src/inference/never-leaves.ts'
import { alice, endings, startWatch } from './telegram-watch.ts'

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
