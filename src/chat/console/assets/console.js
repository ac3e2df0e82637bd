// Keeps the page as the records are: fetches the part that changed when an event says so, and sends presses without
// leaving the page. Everything here also works without it, by ordinary links and forms.
;(() => {
  const say = document.getElementById('say')
  const live = document.getElementById('live')
  let pending = null
  let quieter = null

  function tell(text, alert) {
    if (!say || !text) return
    say.textContent = text
    say.className = alert ? 'say shown alert' : 'say shown'
    clearTimeout(quieter)
    quieter = setTimeout(() => {
      say.className = 'say'
    }, 8000)
  }

  function setLive(on) {
    if (!live) return
    live.classList.toggle('off', !on)
    live.title = on ? 'Live: this page updates by itself' : 'Not connected: trying again'
  }

  // What a person has opened, typed or stands on must survive the exchange of the part around it.
  function remember(part) {
    const active = document.activeElement
    const typed = [...part.querySelectorAll('input:not([type=hidden])')].map((input) => [input.id, input.value])
    const open = [...part.querySelectorAll('details[open]')].map((details) => details.id)
    return { focus: active && part.contains(active) ? active.id || active.textContent : '', typed, open }
  }

  function restore(part, { focus, typed, open }) {
    for (const id of open) document.getElementById(id)?.setAttribute('open', '')
    for (const [id, value] of typed) {
      const input = document.getElementById(id)
      if (input) input.value = value
    }
    if (!focus) return
    const again = [...part.querySelectorAll('button, summary, input, a')].find(
      (one) => one.id === focus || one.textContent === focus,
    )
    again?.focus({ preventScroll: true })
  }

  async function refresh() {
    pending = null
    const part = document.getElementById('fragment')
    if (!part) return
    const answer = await fetch(part.dataset.fragment, { credentials: 'same-origin' }).catch(() => null)
    if (!answer) return
    if (answer.status === 401) return location.reload()
    if (!answer.ok) return
    const fresh = new DOMParser().parseFromString(await answer.text(), 'text/html').getElementById('fragment')
    if (!fresh) return
    const kept = remember(part)
    part.replaceWith(fresh)
    restore(fresh, kept)
  }

  function soon() {
    if (pending === null) pending = setTimeout(refresh, 120)
  }

  const events = new EventSource('/events')
  events.addEventListener('hello', () => {
    setLive(true)
    soon()
  })
  events.addEventListener('incident', ({ data }) => {
    const shown = document.getElementById('fragment')?.dataset.incident
    if (shown === undefined || shown === data) soon()
  })
  events.addEventListener('error', () => setLive(false))

  document.addEventListener('submit', async (event) => {
    const form = event.target
    if (!(form instanceof HTMLFormElement) || !form.classList.contains('press')) return
    event.preventDefault()
    const button = form.querySelector('button')
    if (!button || button.disabled) return
    button.disabled = true
    button.setAttribute('aria-busy', 'true')
    try {
      const answer = await fetch(form.action, {
        method: 'POST',
        credentials: 'same-origin',
        headers: { accept: 'application/json' },
        body: new URLSearchParams(new FormData(form)),
      })
      if (answer.status === 401) return location.reload()
      const { text, alert } = await answer.json()
      tell(text, alert)
    } catch {
      tell('That did not arrive. Look at the card before you press again.', true)
    }
    await refresh()
    button.disabled = false
    button.removeAttribute('aria-busy')
  })
})()
