/** Booking: a speech-to-speech model that takes reservations, with two functions that it may call. Wants OPENAI_API_KEY. */
import { type FunctionContext, type RealtimeModel, realtimeMind } from 'chartroom/multimodal-agent'
import { OpenAIRealtimeModel } from 'chartroom/openai'

const instructions = `You take reservations for a small restaurant, by telephone. Be brief and friendly. Ask for the hour, the number
of guests and a name; look for a free table before you promise one; say the reservation's number at the end.`

/** The tables that are left, by the hour. Your own database goes here. */
const freeTables = () =>
  new Map([
    [18, 2],
    [19, 0],
    [20, 4],
  ])

const toolsFor = (tables: Map<number, number>): FunctionContext => [
  {
    name: 'find_tables',
    description: 'How many tables are free at this hour',
    parameters: { type: 'object', properties: { hour: { type: 'integer', minimum: 0, maximum: 23 } }, required: ['hour'] },
    execute: ({ hour }) => ({ free: tables.get(Number(hour)) ?? 0 }),
  },
  {
    name: 'book_table',
    description: 'Books a table; gives back the number of the reservation',
    parameters: {
      type: 'object',
      properties: { hour: { type: 'integer' }, guests: { type: 'integer', minimum: 1 }, name: { type: 'string' } },
      required: ['hour', 'guests', 'name'],
    },
    execute: ({ hour, name }) => {
      const free = tables.get(Number(hour)) ?? 0
      if (free === 0) throw new Error('no table is free at this hour') // the model is told, and says so
      tables.set(Number(hour), free - 1)
      return { reservation: `${hour}-${free}`, name }
    },
  },
]

export const booking = (model: RealtimeModel, tables = freeTables()) => realtimeMind({ model, fncCtx: toolsFor(tables) })
export default booking(new OpenAIRealtimeModel({ instructions }))
