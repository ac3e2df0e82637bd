/** Does what a person does in a browser: opens the login link, finds the Approve button on the card and presses it. */
export async function pressApprove(link: string, incident: number): Promise<string> {
  const origin = new URL(link).origin
  const login = await fetch(link, { redirect: 'manual' })
  const cookie = login.headers.get('set-cookie')?.split(';')[0]
  if (cookie === undefined) throw new Error(`the login link did not sign in: ${login.status}`)
  const page = await (await fetch(`${origin}/incidents/${incident}`, { headers: { cookie } })).text()
  const form = page.split('<form').find((part) => />Approve( \(\d of \d\))?<\/button>/.test(part))
  const token = field(form, 'token')
  const csrf = field(form, 'csrf')
  if (token === undefined || csrf === undefined) throw new Error('there is no Approve button on the page')
  const answer = await fetch(`${origin}/press`, {
    method: 'POST',
    headers: { cookie, origin, accept: 'application/json', 'content-type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams({ token, csrf, incident: String(incident) }),
    redirect: 'manual',
  })
  const text = await answer.text()
  return /"text":"([^"]*)"/.exec(text)?.[1] ?? `${answer.status}`
}

function field(form: string | undefined, name: string): string | undefined {
  return form && new RegExp(`name="${name}" value="([^"]*)"`).exec(form)?.[1]
}
