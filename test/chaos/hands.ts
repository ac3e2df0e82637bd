import type { Pressed, SimulatedMessage } from '../simulators/telegram/types.ts'
import type { Case } from './cases.ts'
import { caseIn, type Pressing } from './history.ts'
import { until } from './wait.ts'
import type { Someone, World } from './world.ts'

/** What people do on their phones, kept in a list for the judge. */
export interface Hands {
  pressings: Pressing[]
  /** The newest message about a workload that has this button now; waits for it. */
  card(one: Case, label: string, timeoutMs?: number): Promise<SimulatedMessage>
  /** One press of a button on a card that is there. */
  press(card: SimulatedMessage, label: string, by: Someone): Promise<Pressed>
  /** Presses a button as soon as there is one, and on the newest card again until the answer is one that `settles`. */
  insist(one: Case, label: string, by: Someone, settles?: RegExp): Promise<string>
}

/** Answers that mean: this button is over; unless it was us who pressed it before, another one will come. */
const OVER = /already|withdrawn|expired|moved on|newer plan/i
/** Answers that mean: not here, try the newest card. */
const ASTRAY = /old copy|newest|not known|belongs to another|cannot be used/i

const SHOW_ALL = 'Show every line'

export function handsIn(world: World): Hands {
  const pressings: Pressing[] = []

  /** Buttons that have done what they are for, by label and token; a card shows them until it is edited. */
  const spent = new Set<string>()

  async function card(one: Case, label: string, timeoutMs = 90_000): Promise<SimulatedMessage> {
    return await until(
      `a card of ${one.workload} with "${label}"`,
      async () => {
        const messages = (await world.telegram.messages()).filter((message) => isAbout(message, one))
        await lookAgain(messages)
        const card = messages.findLast((message) => isFresh(buttonOf(message, label), spent))
        if (!card) await showAll(messages)
        return card
      },
      { timeoutMs, everyMs: 200 },
    )
  }

  /** On a busy machine the tool server may take too long to start; people are told, and do what the card offers then. */
  async function lookAgain(messages: readonly SimulatedMessage[]): Promise<void> {
    const idle = messages.findLast(({ text }) => /cannot be used/.test(text))
    if (idle) await pressOnce(idle, 'Look again')
  }

  /** What is too long to be approved at a glance is opened first. */
  async function showAll(messages: readonly SimulatedMessage[]): Promise<void> {
    const long = messages.findLast((message) => buttonOf(message, SHOW_ALL) !== undefined)
    if (long) await pressOnce(long, SHOW_ALL)
  }

  async function pressOnce(message: SimulatedMessage, label: string): Promise<void> {
    const button = buttonOf(message, label)
    if (!isFresh(button, spent)) return
    spent.add(button)
    await press(message, label, world.people.alice).catch(() => undefined)
  }

  async function press(message: SimulatedMessage, label: string, by: Someone): Promise<Pressed> {
    const workload = caseIn(message.text)
    const name = by.first_name.toLowerCase()
    pressings.push({ at: Date.now(), by: name, label, message: message.message_id, workload })
    return await world.telegram.press({ message_id: message.message_id, text: label, from: by })
  }

  async function stays(label: string, button: string | undefined): Promise<boolean> {
    const gone = until(
      'the press to be taken',
      async () => !(await world.telegram.messages()).some((message) => buttonOf(message, label) === button),
      { timeoutMs: 12_000, everyMs: 300 },
    )
    return await gone.then(
      () => false,
      () => true,
    )
  }

  return {
    pressings,
    card,
    press,
    async insist(one, label, by, settles) {
      const tried = new Set<string>()
      for (let tries = 0; tries < 8; tries++) {
        const message = await card(one, label)
        const button = buttonOf(message, label) ?? ''
        const again = tried.has(button)
        tried.add(button)
        const pressed = await press(message, label, by).catch(() => undefined)
        if (!pressed) continue
        const answer = await pressed.answer
        if (answer && OVER.test(answer.text) && !again) spent.add(button)
        else if (answer && !ASTRAY.test(answer.text) && (!settles || settles.test(answer.text))) {
          spent.add(button)
          return answer.text
        }
        // Nobody answered: where the same button is still there a while later, the press went astray.
        if (!answer && !(await stays(label, button))) {
          spent.add(button)
          return ''
        }
      }
      throw new Error(`"${label}" of ${one.workload} was pressed eight times, always astray`)
    },
  }
}

/** A button by its words and token: where two people decide, the second press is on the same one under other words. */
function buttonOf({ keyboard }: SimulatedMessage, label: string): string | undefined {
  const found = keyboard.flat().find((button) => button.text.includes(label))
  return found && `${found.text} ${found.callback_data}`
}

function isFresh(button: string | undefined, spent: ReadonlySet<string>): button is string {
  return button !== undefined && !spent.has(button)
}

function isAbout({ text }: SimulatedMessage, { workload }: Case): boolean {
  return new RegExp(`${workload}(?![\\w-])`).test(text)
}
