import { html } from 'hono/html'
import type { Session } from './ports.ts'

/** A piece of a page: text in it is escaped by the template. */
export type Html = ReturnType<typeof html>

export interface PageParts {
  title: string
  session: Session | undefined
  here?: 'incidents' | 'ledger'
  /** Sends the browser on by itself; a redirect would lose a fresh SameSite=Strict cookie on a link from elsewhere. */
  goOn?: string
  body: Html
}

/** The frame of every page. */
export function page({ title, session, here, goOn, body }: PageParts): Html {
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
${goOn ? html`<meta http-equiv="refresh" content="0;url=${goOn}">` : ''}
<title>${title} · Watchkeeper</title>
<link rel="icon" href="/assets/icon.svg" type="image/svg+xml">
<link rel="stylesheet" href="/assets/console.css">
${session ? html`<script src="/assets/console.js" defer></script>` : ''}
</head>
<body>
<a class="skip" href="#main">Skip to the content</a>
<header class="top">
<a class="brand" href="/"><img src="/assets/icon.svg" alt="" width="24" height="24">Watchkeeper</a>
${session ? navigation(session, here) : ''}
</header>
<main id="main">${body}</main>
<div id="say" class="say" role="status" aria-live="polite"></div>
</body>
</html>`
}

function navigation({ person, csrf }: Session, here: PageParts['here']): Html {
  const link = (name: 'incidents' | 'ledger', to: string, label: string) =>
    html`<a href="${to}"${here === name ? html` aria-current="page"` : ''}>${label}</a>`
  return html`<nav aria-label="Pages">${link('incidents', '/', 'Incidents')}${link('ledger', '/ledger', 'Ledger')}</nav>
<div class="who"><span class="live" id="live" title="Live: this page updates by itself"><span class="dot"></span><span class="seen-by-few">Live</span></span>
<span class="person">${person.name}<span class="role">${person.role}</span></span>
<form method="post" action="/logout"><input type="hidden" name="csrf" value="${csrf}"><button class="plain">Log out</button></form></div>`
}

/** A page that only says something. */
export function plainPage(title: string, text: string, session?: Session, more: Html | '' = ''): Html {
  return page({
    title,
    session,
    body: html`<section class="plain-page"><h1>${title}</h1><p>${text}</p>${more}</section>`,
  })
}

export function notSignedIn(): Html {
  return plainPage(
    'Not signed in',
    'Open the login link that was printed when the agent started, or say /login to the bot and open the link it answers with. Each link works once.',
  )
}
