/** What the link machine asks for: to be told, and a line in the log. */
import { refusedOf } from '../../machines/inbound/choice.ts'
import { type LinkFact, linkMachine } from '../../machines/inbound/link.ts'
import type { Log } from '../ports.ts'

/** The link machine. A pinned participant who is refused for the kind is logged as `link.refused`, once a stay. */
export const linkOn = ({ log, tell }: { log: Log; tell?: (fact: LinkFact) => void }) =>
  linkMachine.provide({
    actions: {
      logRefused: ({ context }) => {
        const { identity, kind } = refusedOf(context) ?? {}
        log('warn', 'link.refused', { identity, kind, accepted: context.options.kinds })
      },
      tellLinked: (_, participant) => participant && tell?.({ type: 'participant.linked', participant }),
      tellUnlinked: (_, identity) => identity !== undefined && tell?.({ type: 'participant.unlinked', identity }),
      tellClosed: (_, { identity, reason }) => tell?.({ type: 'participant.closed', identity, reason }),
    },
  })
