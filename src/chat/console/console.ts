import { timingSafeEqual } from 'node:crypto'
import { type Context, Hono } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import { getCookie, setCookie } from 'hono/cookie'
import { html } from 'hono/html'
import { atLeast } from '../../domain/person.ts'
import { everyButton } from '../cards/cards.ts'
import { loadAssets } from './assets.ts'
import { eventStream } from './events.ts'
import { guard, sentByUs } from './guard.ts'
import { incidentHtml } from './incident-page.ts'
import { ledgerHtml } from './ledger-page.ts'
import { listHtml } from './list-page.ts'
import { type Html, notSignedIn, page, plainPage } from './page.ts'
import { policyBar } from './policy-bar.ts'
import type { ConsoleDeps, Session } from './ports.ts'
import { questionBox } from './question-box.ts'

const sessionSeconds = 12 * 60 * 60

/**
 * The console: the same cards and buttons as in chat, behind the same desk, on pages that update by themselves.
 *
 * Nothing works without a session but the login link, the assets and a page that says how to sign in. Its guard runs for
 * every path of the app it is mounted on that is not taken before it.
 */
export function consoleApp(deps: ConsoleDeps): Hono {
  const { options, sessions, incidents, desk, ledger } = deps
  const cookieName = `watchkeeper_${options.port}`
  const secure = options.publicUrl?.startsWith('https:') ?? false
  const assets = loadAssets()
  const app = new Hono()
  app.use(guard(options))
  const small = bodyLimit({ maxSize: 16 * 1024, onError: (c) => c.text('That is too much for a press.', 413) })

  const signedIn = async (c: Context): Promise<Session | undefined> => {
    const cookie = getCookie(c, cookieName)
    return cookie === undefined ? undefined : sessions.session(cookie)
  }
  const refused = (c: Context) => c.html(notSignedIn(), 401)

  app.get('/assets/:file', (c) => {
    const asset = assets.get(c.req.param('file'))
    if (!asset) return c.notFound()
    return c.body(asset.body, 200, { 'content-type': asset.type, 'cache-control': 'max-age=300' })
  })

  app.get('/login', async (c) => {
    // HEAD comes here too: whoever only looks at a link must not use it up.
    const token = c.req.method === 'GET' ? c.req.query('token') : undefined
    if (!token) return refused(c)
    const cookie = await sessions.redeem(token)
    if (cookie === undefined) return c.html(spentLink(), 401)
    setCookie(c, cookieName, cookie, { httpOnly: true, sameSite: 'Strict', path: '/', maxAge: sessionSeconds, secure })
    const body = html`<section class="plain-page"><h1>Signed in</h1><p><a href="/">Go on to the incidents</a></p></section>`
    return c.html(page({ title: 'Signed in', session: undefined, goOn: '/', body }))
  })

  app.post('/logout', small, async (c) => {
    const session = await signedIn(c)
    if (!session) return refused(c)
    if (!(await ours(c, session))) return c.html(foreign(session), 403)
    await sessions.end(getCookie(c, cookieName) ?? '')
    setCookie(c, cookieName, '', { httpOnly: true, sameSite: 'Strict', path: '/', maxAge: 0, secure })
    return c.html(plainPage('Logged out', 'This browser is signed out. A new login link brings you back.'))
  })

  const listOf = async (): Promise<Html> => listHtml(await incidents.list(), options.timezone, new Date())

  app.get('/', async (c) => {
    const session = await signedIn(c)
    if (!session) return refused(c)
    const bar = policyBar(await deps.policy.now(), session)
    return c.html(page({ title: 'Incidents', session, here: 'incidents', body: html`${bar}${await listOf()}` }))
  })

  app.get('/fragment', async (c) => ((await signedIn(c)) ? c.html(await listOf()) : c.text('Not signed in.', 401)))

  const incidentOf = async (c: Context, session: Session): Promise<Html | undefined> => {
    const id = c.req.param('id') ?? ''
    const view = /^\d{1,15}$/.test(id) ? await incidents.view(Number(id)) : undefined
    if (!view) return undefined
    const may = atLeast(session.person.role, 'operator')
    const buttons = may ? await deps.buttons.tokens(view.incident.id, everyButton(view)) : []
    const asked = (await deps.questions?.of(view.incident.id)) ?? []
    return incidentHtml({ view, buttons, asked, session, timezone: options.timezone })
  }

  app.get('/incidents/:id', async (c) => {
    const session = await signedIn(c)
    if (!session) return refused(c)
    const body = await incidentOf(c, session)
    if (!body) return c.html(plainPage('Not found', 'There is no incident of that number.', session), 404)
    const box = deps.questions ? questionBox(Number(c.req.param('id')), session) : ''
    return c.html(page({ title: `#${c.req.param('id')}`, session, here: 'incidents', body: html`${body}${box}` }))
  })

  app.get('/incidents/:id/fragment', async (c) => {
    const session = await signedIn(c)
    if (!session) return c.text('Not signed in.', 401)
    const body = await incidentOf(c, session)
    return body ? c.html(body) : c.text('There is no incident of that number.', 404)
  })

  app.get('/ledger', async (c) => {
    const session = await signedIn(c)
    if (!session) return refused(c)
    const body = ledgerHtml(await ledger.newest(200), options.timezone, new Date())
    return c.html(page({ title: 'Ledger', session, here: 'ledger', body }))
  })

  app.get('/events', async (c) => {
    if (!(await signedIn(c))) return c.text('Not signed in.', 401)
    return eventStream(c, deps, async () => (await signedIn(c)) !== undefined)
  })

  app.post('/press', small, async (c) => {
    const session = await signedIn(c)
    if (!session) return refused(c)
    if (!(await ours(c, session))) return c.html(foreign(session), 403)
    const { token, typed, incident } = await fields(c)
    // The desk turns viewers away as well, and keeps a record of it.
    const answer = await desk.press({
      token: token ?? '',
      person: session.person,
      actor: `console:${session.person.name}`,
      channel: 'console',
      ...(typed ? { typed } : {}),
    })
    const turnedAway = answer.alert && !atLeast(session.person.role, 'operator')
    return said(c, session, answer, incident, turnedAway ? 403 : 200)
  })

  app.post('/ask', small, async (c) => {
    const session = await signedIn(c)
    if (!session) return refused(c)
    if (!(await ours(c, session))) return c.html(foreign(session), 403)
    const { incident = '', question = '' } = await fields(c)
    if (!deps.questions || !/^\d{1,15}$/.test(incident)) return c.notFound()
    const because = await deps.questions.ask(session.person, Number(incident), question)
    return said(
      c,
      session,
      { text: because ?? 'Taken. The answer comes on this page.', alert: !!because },
      incident,
      200,
    )
  })

  app.post('/policy', small, async (c) => {
    const session = await signedIn(c)
    if (!session) return refused(c)
    if (!(await ours(c, session))) return c.html(foreign(session), 403)
    if (!atLeast(session.person.role, 'admin'))
      return said(c, session, { text: 'Only an admin may freeze and thaw.', alert: true }, undefined, 403)
    const { want } = await fields(c)
    if (want === 'freeze') await deps.policy.freeze(session.person)
    else if (want === 'thaw') await deps.policy.thaw(session.person)
    else
      return said(
        c,
        session,
        { text: 'Say what you want: freeze or thaw. Nothing was changed.', alert: true },
        undefined,
        400,
      )
    return c.redirect('/', 303)
  })

  /** Whether a form came from one of our own pages of this session. */
  const ours = async (c: Context, session: Session): Promise<boolean> =>
    sentByUs(options, c.req.raw) && same((await fields(c)).csrf ?? '', session.csrf)

  return app
}

function spentLink(): Html {
  return plainPage(
    'This link no longer works',
    'Each login link works once and for a short time. Say /login to the bot, or start the agent again, for a new one.',
  )
}

function foreign(session: Session): Html {
  return plainPage(
    'Not taken',
    'This did not come from the page it should have. Go back, reload, and press again.',
    session,
  )
}

type Answer = { text: string; alert: boolean }

/** Scripts get the answer as JSON and show it on the page; without scripts it is a page of its own. */
function said(c: Context, session: Session, answer: Answer, incident: string | undefined, status: 200 | 400 | 403) {
  const { text, alert } = answer
  if (c.req.header('accept')?.includes('application/json')) return c.json({ text, alert }, status)
  const back = /^\d{1,15}$/.test(incident ?? '') ? `/incidents/${incident}` : '/'
  return c.html(
    plainPage(alert ? 'Not done' : 'Taken', text || 'Done.', session, html`<p><a href="${back}">Back</a></p>`),
    status,
  )
}

async function fields(c: Context): Promise<Record<string, string>> {
  const form = await c.req.parseBody()
  return Object.fromEntries(
    Object.entries(form).filter((pair): pair is [string, string] => typeof pair[1] === 'string'),
  )
}

function same(given: string, expected: string): boolean {
  const a = Buffer.from(given)
  const b = Buffer.from(expected)
  return a.length === b.length && timingSafeEqual(a, b)
}
