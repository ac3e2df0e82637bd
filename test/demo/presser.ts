import { setTimeout as wait } from 'node:timers/promises'

const LOOK_AGAIN_MS = 200

/** A browser in which somebody has opened a login link. */
interface SignedIn {
  origin: string
  cookie: string
  page(incident: number): Promise<string>
}

/** Does what a person does in a browser: opens the login link, finds the Approve button on the card and presses it. */
export async function pressApprove(link: string, incident: number): Promise<string> {
  const browser = await signIn(link)
  const page = await browser.page(incident)
  const form = page.split('<form').find((part) => />Approve( \(\d of \d\))?<\/button>/.test(part))
  const token = field(form, 'token')
  const csrf = field(form, 'csrf')
  if (token === undefined || csrf === undefined) throw new Error('there is no Approve button on the page')
  return await post(browser, '/press', { token, csrf, incident: String(incident) })
}

/** Types a question into the box on the incident's page, and reads there what is answered. Rejects when it takes too long. */
export async function askQuestion(link: string, incident: number, question: string, withinMs: number): Promise<string> {
  const browser = await signIn(link)
  const form = (await browser.page(incident)).split('<form').find((part) => part.includes('action="/ask"'))
  const csrf = field(form, 'csrf')
  if (csrf === undefined) throw new Error('there is no box for questions on the page')
  const taken = await post(browser, '/ask', { csrf, question, incident: String(incident) })
  if (!taken.startsWith('Taken')) return taken
  for (const until = Date.now() + withinMs; Date.now() < until; await wait(LOOK_AGAIN_MS)) {
    const entry = (await browser.page(incident)).split('<li class="event">').findLast((part) => part.includes(question))
    const [, answer = ''] = entry?.split(question) ?? []
    if (answer.includes('model') || answer.includes('(local)')) return textOf(answer)
  }
  throw new Error(`there was no answer within ${withinMs / 1_000} s`)
}

async function signIn(link: string): Promise<SignedIn> {
  const origin = new URL(link).origin
  const login = await fetch(link, { redirect: 'manual' })
  const cookie = login.headers.get('set-cookie')?.split(';')[0]
  if (cookie === undefined) throw new Error(`the login link did not sign in: ${login.status}`)
  return {
    origin,
    cookie,
    page: async (incident) => await (await fetch(`${origin}/incidents/${incident}`, { headers: { cookie } })).text(),
  }
}

async function post({ origin, cookie }: SignedIn, path: string, fields: Record<string, string>): Promise<string> {
  const answer = await fetch(`${origin}${path}`, {
    method: 'POST',
    headers: { cookie, origin, accept: 'application/json', 'content-type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams(fields),
    redirect: 'manual',
  })
  const text = await answer.text()
  return /"text":"([^"]*)"/.exec(text)?.[1] ?? `${answer.status}`
}

function field(form: string | undefined, name: string): string | undefined {
  return form && new RegExp(`name="${name}" value="([^"]*)"`).exec(form)?.[1]
}

/** The paragraphs of a piece of a page, a line each. */
function textOf(html: string): string {
  const lines = html.split('</li>')[0]?.split(/<\/p>/) ?? []
  return lines
    .map((line) =>
      line
        .replace(/<[^>]*>/g, '')
        .replaceAll('&quot;', '"')
        .replaceAll('&gt;', '>')
        .replaceAll('&lt;', '<')
        .replaceAll('&#39;', "'")
        .trim(),
    )
    .filter(Boolean)
    .join('\n')
}
