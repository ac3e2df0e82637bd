import { inOrder, type Script, type ScriptedTurn } from './model-faults.ts'
import { answerJson, type Listening, listen, readJson } from './telegram/http.ts'

interface Controlled {
  script(script: Script): void
  calls(): readonly unknown[]
}

/** A simulated model's controls by plain HTTP: `POST /script` with a list of turns, `POST /calls` for what it was asked. */
export function serveModelControl(model: Controlled, port?: number): Promise<Listening> {
  return listen(async (request, response) => {
    const body = await readJson(request)
    if (request.url === '/calls') return answerJson(response, 200, model.calls())
    if (request.url === '/script' && Array.isArray(body)) {
      model.script(inOrder(...(body as ScriptedTurn[])))
      return answerJson(response, 200, {})
    }
    answerJson(response, 400, { error: 'There are POST /script with a list of turns, and POST /calls.' })
  }, port)
}
