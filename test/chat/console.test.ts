import { expect, test } from 'vitest'
import { testConsole } from './console-double.ts'
import { action, approval, asking, decided, effect, everyState, plan, view, vote } from './views.ts'

const approve = { token: 'token-approve', csrf: 'csrf-anna', incident: '1287' }

test('nothing is shown to who is not signed in, and the page says how to', async () => {
  const { get, post, presses } = testConsole()
  for (const path of ['/', '/incidents/1287', '/ledger', '/fragment', '/incidents/1287/fragment', '/events']) {
    const response = await get(path)
    expect(response.status, path).toBe(401)
    expect(await response.text()).not.toContain('radarr')
  }
  expect(await (await get('/')).text()).toContain('say /login to the bot')
  expect((await post('/press', approve)).status).toBe(401)
  expect(presses).toEqual([])
})

test('a login link signs in once, with a cookie that scripts and other sites cannot use', async () => {
  const { get, login } = testConsole()
  const response = await login()
  expect(response.status).toBe(200)
  expect(response.headers.get('set-cookie')).toBe(
    'watchkeeper_7390=cookie-anna; Max-Age=43200; Path=/; HttpOnly; SameSite=Strict',
  )
  expect(await response.text()).toContain('content="0;url=/"')
  expect((await get('/')).status).toBe(200)
  const again = await get('/login?token=login-anna')
  expect([again.status, again.headers.get('set-cookie')]).toEqual([401, null])
})

test('looking at a login link with HEAD does not use it up', async () => {
  const { app, login } = testConsole()
  await app.request('/login?token=login-anna', { method: 'HEAD', headers: { host: '127.0.0.1:7390' } })
  expect((await login()).status).toBe(200)
})

test('the cookie is Secure where people come by https', async () => {
  const { login } = testConsole({ options: { publicUrl: 'https://watch.example' } })
  expect((await login()).headers.get('set-cookie')).toContain('; Secure')
})

test('a foreign Host is turned away before anything else, known ones are not', async () => {
  const { get, login } = testConsole({ options: { publicUrl: 'https://watch.example' } })
  await login()
  for (const host of ['evil.example:7390', '127.0.0.1:1', 'localhost', '10.0.0.7:7390'])
    expect((await get('/', { host })).status, host).toBe(421)
  for (const host of ['localhost:7390', '[::1]:7390', 'watch.example'])
    expect((await get('/', { host })).status, host).toBe(200)
  const open = testConsole({ options: { host: '0.0.0.0' } })
  await open.login()
  expect((await open.get('/', { host: '10.0.0.7:7390' })).status).toBe(200)
  expect((await open.get('/', { host: 'rebound.example:7390' })).status).toBe(421)
})

test('pages run only our own script and can be framed by nobody', async () => {
  const { get, login } = testConsole()
  await login()
  const response = await get('/incidents/1287')
  const policy = response.headers.get('content-security-policy')
  expect(policy).toContain("default-src 'none'")
  expect(policy).toContain("script-src 'self'")
  expect(policy).toContain("frame-ancestors 'none'")
  expect(response.headers.get('cache-control')).toBe('no-store')
  expect(await response.text()).not.toMatch(/\son\w+=|style="|<script>/)
})

test('a press goes to the desk with who pressed it, and the answer is shown', async () => {
  const { post, presses, login } = testConsole()
  await login()
  const response = await post('/press', approve)
  expect(presses).toEqual([
    {
      token: 'token-approve',
      person: { name: 'anna', telegramId: 1001, role: 'operator' },
      actor: 'console:anna',
      channel: 'console',
    },
  ])
  expect(await response.text()).toContain('Approved, running.')
  const json = await post('/press', { ...approve, typed: 'radarr' }, { accept: 'application/json' })
  expect(await json.json()).toEqual({ text: 'Approved, running.', alert: false })
  expect(presses.at(-1)?.typed).toBe('radarr')
})

const forgeries: [string, Record<string, string>, Record<string, string>][] = [
  ['no secret of the session', { token: 'token-approve' }, {}],
  ['a wrong secret', { ...approve, csrf: 'csrf-bob' }, {}],
  ['a foreign origin', approve, { origin: 'https://evil.example' }],
  ['no origin to speak of', approve, { origin: 'null' }],
  ['another site, as the browser says', approve, { 'sec-fetch-site': 'cross-site' }],
]

test.each(forgeries)('a press with %s is refused', async (_, form, headers) => {
  const { post, presses, login } = testConsole()
  await login()
  expect((await post('/press', form, headers)).status).toBe(403)
  expect(presses).toEqual([])
})

test('a viewer sees the card, gets no live buttons and cannot press', async () => {
  const answer = { text: 'You may look, but not decide: your role is viewer.', alert: true }
  const { get, post, presses, asked, login } = testConsole({ role: 'viewer', answer })
  await login()
  const body = await (await get('/incidents/1287')).text()
  expect(body).toContain('limits.memory: 1536Mi')
  expect(body).toContain('your role is viewer')
  expect(body).not.toContain('action="/press"')
  expect(asked).toEqual([])
  const response = await post('/press', approve)
  expect(response.status).toBe(403)
  expect(await response.text()).toContain(answer.text)
  // The desk is asked all the same: it keeps the record of who was turned away.
  expect(presses.map(({ actor }) => actor)).toEqual(['console:anna'])
})

test('who is taken off the list is out at once', async () => {
  const { get, post, sessions, presses, login } = testConsole()
  await login()
  sessions.fire()
  expect((await get('/')).status).toBe(401)
  expect((await post('/press', approve)).status).toBe(401)
  expect(presses).toEqual([])
})

test('logging out ends the session', async () => {
  const { get, post, login } = testConsole()
  await login()
  expect((await post('/logout', { csrf: 'csrf-bob' })).status).toBe(403)
  expect((await post('/logout', { csrf: 'csrf-anna' })).status).toBe(200)
  expect((await get('/')).status).toBe(401)
})

test('hostile text is rendered inert wherever it stands', async () => {
  const evil = '"><script>alert(1)</script><img src=x onerror=alert(1)>\u202e'
  const hostile = asking({
    incident: {
      alertname: evil,
      cluster: evil,
      namespace: evil,
      workload: evil,
      takenBy: evil,
      because: evil,
      annotations: { summary: evil, [evil]: evil },
    },
    runbookTitle: evil,
    findings: [{ key: evil, tool: evil, ok: true, summary: evil, at: new Date() }],
    plan: plan([
      action({ tool: evil, arguments: { [evil]: evil }, dryRun: evil, wayBack: { none: evil }, warnings: [evil] }),
    ]),
    timeline: [
      { id: 1, round: 1, name: evil, actor: evil, from: null, to: evil, detail: { because: evil }, at: new Date() },
    ],
  })
  const ledger = [{ seq: 1, kind: evil, incident: 1287, at: new Date(), body: { [evil]: evil }, hash: evil }]
  const { get, login } = testConsole({ view: hostile, ledger })
  await login()
  for (const path of ['/', '/incidents/1287', '/ledger']) {
    const body = await (await get(path)).text()
    expect(body, path).not.toMatch(/<script>|<img src=x|\u202e/)
    expect(body, path).toContain('&lt;script&gt;')
  }
})

test('the ledger tells every vote of a decision', async () => {
  const votes = [
    { person: 'alice', role: 'admin', verdict: 'approve', at: '2026-11-21T02:20:00.000Z' },
    { person: 'bob', role: 'operator', verdict: 'approve', at: '2026-11-21T02:21:00.000Z' },
  ]
  const body = { verdict: 'approved', by: 'bob', votes, actions: [0, 1] }
  const ledger = [{ seq: 7, kind: 'decided', incident: 1287, at: new Date(), body, hash: 'ab12' }]
  const { get, login } = testConsole({ ledger })
  await login()
  const page = await (await get('/ledger')).text()
  expect(page).toContain('alice admin approve, bob operator approve')
  expect(page).toContain('<span class="small">actions</span> 0, 1')
})

test('every state is a page with its own tone', async () => {
  for (const [state, shown] of Object.entries(everyState)) {
    const { get, login } = testConsole({ view: shown })
    await login()
    const response = await get('/incidents/1287')
    expect(response.status, state).toBe(200)
    expect(await response.text(), state).toMatch(/<article class="card tone-\w+"/)
  }
})

test('the block of a long plan is shown whole, with Approve beside it', async () => {
  const actions = Array.from({ length: 30 }, () => action())
  const long = asking({ plan: plan(actions), approval: approval({ actions: actions.map((_, index) => index) }) })
  const { get, login } = testConsole({ view: long })
  await login()
  const body = await (await get('/incidents/1287')).text()
  expect(body.match(/ {2}\+ limits\.memory: 1536Mi/g)).toHaveLength(30)
  expect(body).toContain('value="token-approve"')
})

test('a watch of one is asked to type the name beside Confirm', async () => {
  const alone = asking({ approval: approval({ asks: 'self_two' }), votes: [vote('anna', '02:20')] })
  const { get, login } = testConsole({ view: alone })
  await login()
  const page = await (await get('/incidents/1287')).text()
  expect(page).toContain('<b>Type beside Confirm</b> radarr')
  expect(page).toMatch(/<label for="typed">[^<]+<\/label>\s*<input\s+id="typed"\s+name="typed"/)
})

test('drawing a page asks for the same buttons whatever menu is open in chat', async () => {
  const verbs = async (menu: 'quiet' | 'details' | null) => {
    const { get, asked, login } = testConsole({ view: asking({ incident: { menu } }) })
    await login()
    await get('/incidents/1287')
    return asked.map((one) => one.verbs)
  }
  expect(await verbs('quiet')).toEqual(await verbs(null))
  expect(await verbs('details')).toEqual(await verbs(null))
  expect((await verbs(null))[0]).toEqual(
    expect.arrayContaining(['approve', 'reject', 'ignore', 'snooze', 'menu', 'details', 'taken']),
  )
})

test('what wants an answer stands first in the list', async () => {
  const { get, login } = testConsole()
  await login()
  const body = await (await get('/')).text()
  expect(body).toContain('1 waits for you')
  expect(body).toContain('href="/incidents/1287"')
})

test('an unknown incident is not found, and says so', async () => {
  const { get, login } = testConsole({ view: view() })
  await login()
  for (const id of ['9', 'abc', '1e3', '9'.repeat(40)]) expect((await get(`/incidents/${id}`)).status, id).toBe(404)
})

test('events tell which incident changed, and stop when nobody listens', async () => {
  const { get, login, change, listeners } = testConsole({ view: decided({ effects: [effect()] }) })
  await login()
  const response = await get('/events')
  expect(response.headers.get('content-type')).toBe('text/event-stream')
  const reader = (response.body ?? new ReadableStream()).pipeThrough(new TextDecoderStream()).getReader()
  expect((await reader.read()).value).toContain('event: hello')
  change(1287)
  change(1287)
  expect((await reader.read()).value).toBe('event: incident\ndata: 1287\n\n')
  await reader.cancel()
  expect(listeners()).toBe(0)
})

test('events end with the session', async () => {
  const { get, login, change, sessions } = testConsole()
  await login()
  const reader = ((await get('/events')).body ?? new ReadableStream()).pipeThrough(new TextDecoderStream()).getReader()
  await reader.read()
  sessions.fire()
  change(1287)
  expect((await reader.read()).done).toBe(true)
})

test('the assets are served with their types, and nothing else is', async () => {
  const { get } = testConsole()
  expect((await get('/assets/console.js')).headers.get('content-type')).toBe('text/javascript; charset=utf-8')
  expect((await get('/assets/console.css')).headers.get('content-type')).toBe('text/css; charset=utf-8')
  expect((await get('/assets/..%2fconsole.ts')).status).toBe(404)
})

test('an admin freezes and thaws from the list; nobody else may, and a form from elsewhere is not taken', async () => {
  const admin = testConsole({ role: 'admin' })
  await admin.login()
  expect(await (await admin.get('/')).text()).toContain('Freeze everything')
  expect((await admin.post('/policy', { csrf: 'wrong', want: 'freeze' })).status).toBe(403)
  expect((await admin.post('/policy', { csrf: 'csrf-anna', want: 'freeze' })).status).toBe(303)
  expect(await (await admin.get('/')).text()).toContain('nothing runs until an admin thaws it')
  await admin.post('/policy', { csrf: 'csrf-anna', want: 'thaw' })
  expect(admin.policyChanges).toEqual(['anna froze', 'anna thawed'])
  for (const want of [{}, { want: '' }, { want: 'frieze' }])
    expect((await admin.post('/policy', { csrf: 'csrf-anna', ...want })).status).toBe(400)
  expect(admin.policyChanges).toEqual(['anna froze', 'anna thawed'])

  const operator = testConsole({ role: 'operator' })
  await operator.login()
  expect(await (await operator.get('/')).text()).not.toContain('Freeze everything')
  expect((await operator.post('/policy', { csrf: 'csrf-anna', want: 'freeze' })).status).toBe(403)
  expect(operator.policyChanges).toEqual([])
})

test('anybody signed in may ask about an incident, from our own page alone', async () => {
  const { get, post, login, questions } = testConsole({ role: 'viewer' })
  const asking = { csrf: 'csrf-anna', incident: '1287', question: 'why does it restart?' }
  expect((await post('/ask', asking)).status).toBe(401)
  await login()
  expect(await (await get('/incidents/1287')).text()).toContain('action="/ask"')
  expect((await post('/ask', { ...asking, csrf: 'guessed' })).status).toBe(403)
  expect((await post('/ask', asking, { origin: 'https://evil.example' })).status).toBe(403)
  expect((await post('/ask', { ...asking, incident: '1287; drop' })).status).toBe(404)
  expect(questions).toEqual([])
  const taken = await post('/ask', asking, { accept: 'application/json' })
  expect(await taken.json()).toEqual({ text: 'Taken. The answer comes on this page.', alert: false })
  const refused = await post('/ask', { ...asking, question: '' }, { accept: 'application/json' })
  expect(await refused.json()).toMatchObject({ alert: true })
  expect(questions).toEqual(['anna #1287: why does it restart?', 'anna #1287: '])
})

test('questions and answers are shown as text, those under way with what is being done', async () => {
  const at = new Date('2026-11-21T02:21:00Z')
  const answer = { lines: ['<b>It</b> was killed.'], seen: ['tool x: “<i>”'], notes: [], footer: 'qwen3:8b (local)' }
  const toldBefore = [
    { by: 'bob', text: '<script>why?</script>', at, progress: null, answer },
    { by: 'anna', text: 'and now?', at, progress: 'Looking: kubernetes.logs …', answer: null },
  ]
  const { get, login } = testConsole({ toldBefore })
  await login()
  const page = await (await get('/incidents/1287')).text()
  expect(page).toContain('&lt;script&gt;why?')
  expect(page).toContain('&lt;b&gt;It&lt;/b&gt; was killed.')
  expect(page).toContain('Looking: kubernetes.logs …')
  expect(page).not.toContain('<script>why')
})
