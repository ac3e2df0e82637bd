import { toolContract } from './contract.ts'
import { type Lamp, lamp, look, turn } from './toy.ts'

toolContract<Lamp>([look, turn], {
  samples: { look: {}, turn: { on: true } },
  port: () => lamp().port,
  fields: { name: 'one' },
  freeText: ['look.note'],
})
