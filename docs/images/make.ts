import { join } from 'node:path'
import { incidentView } from '../../src/chat/incident-view.ts'
import type { IncidentView } from '../../src/domain/view.ts'
import { loadRunbookFolder } from '../../src/knowledge/runbook-folder.ts'
import { cleanUpOnExit } from '../../test/demo/clean-up.ts'
import { narrate } from '../../test/demo/narrator.ts'
import { pressApprove } from '../../test/demo/presser.ts'
import { type Stage, startStage } from '../../test/demo/stage.ts'
import { type Browser, openBrowser } from './browser.ts'
import { phonePage } from './phone.ts'

/**
 * Makes the pictures of the documentation from the demo itself: its console while a plan waits and when it is over, and
 * the card of the waiting plan as a phone shows it. Needs Chromium: CHROMIUM names it where it is not /usr/bin/chromium.
 */
async function makePictures(): Promise<void> {
  const folder = import.meta.dirname
  const stage = await startStage()
  const browser = await openBrowser(process.env.CHROMIUM ?? '/usr/bin/chromium')
  const cleanUp = cleanUpOnExit(async () => {
    await browser.close()
    await stage.stop()
  })
  try {
    const story = narrate(stage, () => {})
    stage.breakSomething()
    const waiting = await story.until(({ incident }) => incident.status === 'waiting', 60_000)
    if (!waiting) throw new Error('no plan was proposed within a minute')
    const incident = `${stage.app.url}/incidents/${waiting.incident.id}`
    await signIn(browser, stage)
    await shoot(browser, incident, join(folder, 'console-approval'))
    await browser.show(phonePage(await titled(stage, waiting), '🔵 Infrastructure'), { width: 400, scale: 2 })
    await browser.picture(join(folder, 'card.png'))
    const link = await stage.app.loginLink()
    await pressApprove(link ?? '', waiting.incident.id)
    const over = await story.until((view) => view.incident.status === 'closed', 60_000)
    if (over?.incident.outcome !== 'fixed') throw new Error('the demo did not end with a fix')
    await story.end()
    await shoot(browser, incident, join(folder, 'console-fixed'))
  } finally {
    await cleanUp()
  }
}

async function signIn(browser: Browser, stage: Stage): Promise<void> {
  const link = await stage.app.loginLink()
  if (link === undefined) throw new Error('the demo has no console')
  await browser.open(link, { width: 1200 })
  await browser.until(`location.pathname === '/' && document.readyState === 'complete'`)
}

/** The incident as cards show it, under its runbook's title. */
async function titled({ sql }: Stage, { incident }: IncidentView): Promise<IncidentView> {
  const { runbooks } = await loadRunbookFolder(join(import.meta.dirname, '../../runbooks'))
  const view = await incidentView(sql, incident.id, (id) => runbooks.find((runbook) => runbook.id === id))
  if (!view) throw new Error(`there is no incident ${incident.id}`)
  return view
}

/** A wide picture, and one as a phone shows it. */
async function shoot(browser: Browser, address: string, path: string): Promise<void> {
  await browser.open(address, { width: 1200, height: 930 })
  await browser.until(
    `location.pathname.startsWith('/incidents/') && document.querySelector('#live:not(.off)') !== null`,
  )
  await browser.picture(`${path}.png`)
  await browser.open(address, { width: 390, height: 844, scale: 2 })
  await browser.picture(`${path}-phone.png`)
}

await makePictures()
