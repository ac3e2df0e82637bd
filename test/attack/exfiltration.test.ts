import fc from 'fast-check'
import { expect, test } from 'vitest'
import { testConsole } from '../chat/console-double.ts'
import { hostileView } from '../chat/hostile.ts'

/** Whatever makes a browser, or a person in one, go somewhere. */
const LEADS =
  /<(?:a|img|script|link|form|iframe|object|embed|source|video|audio|base|meta)\b[^>]*?\b(?:href|src|srcset|action|data|content)="([^"]*)"/gi

function leadsElsewhere(html: string): string[] {
  return [...html.matchAll(LEADS)].map(([, to = '']) => to).filter((to) => /^(?:[a-z][a-z0-9+.-]*:|\/\/)/i.test(to))
}

test('A13: whatever an alert, a finding or a plan says, the console’s pages lead nowhere else', async () => {
  await fc.assert(
    fc.asyncProperty(hostileView, async (view) => {
      const { get, login } = testConsole({ view })
      await login()
      for (const path of ['/', `/incidents/${view.incident.id}`, '/ledger'])
        expect(leadsElsewhere(await (await get(path)).text())).toEqual([])
    }),
    { numRuns: 60 },
  )
})

test('A13: and a browser would load nothing from elsewhere if they did', async () => {
  const { get, login } = testConsole()
  await login()
  const policy = (await get('/')).headers.get('content-security-policy') ?? ''
  expect(policy).toContain("default-src 'none'")
  for (const [, sources = ''] of policy.matchAll(/-src ([^;]*)/g)) expect(sources).toMatch(/^'(?:none|self)'$/)
  expect(policy).toContain("form-action 'self'")
})

test('A13, the control: a link or an image that is live is found', () => {
  for (const live of [
    '<a href="https://evil.example/x">',
    '<img alt="" src="//evil.example/p.png">',
    '<form method="post" action="http://e">',
  ])
    expect(leadsElsewhere(live)).toHaveLength(1)
  expect(leadsElsewhere('&lt;a href="https://evil.example"&gt; <a href="/ledger">')).toEqual([])
})
