/** What `--help` says. */

const general = `chartroom: the layer between a LiveKit room and a voice agent's mind

Usage: chartroom <command> [options]

Commands:
  call [my.wav]   a call in a room inside this process: no server, no key
  join            the same agent in a room of a LiveKit server

Options:
  -h, --help      this text; "chartroom <command> --help" tells about one command
      --version   the version

The transcript and what a command has to say go to standard output, errors and warnings to standard error.
Exit codes: 0 done, 1 could not be done, 2 wrong usage, 130 stopped with Ctrl-C.`

/** What either command may be told of a model of OpenAI's. */
const ofOpenAI = `With --mind openai:
      --model NAME        the model. Default: gpt-realtime-1.5
      --voice NAME        its voice. Default: alloy
      --instructions TEXT what it is to do, and how
      --config FILE       agent.json or agent.mjs (its default export) with these and more: turnDetection, azure,
                          reconnect … and tools, a list of functions or the path of a module that has one.
                          What is given above goes before it. OPENAI_BASE_URL is where the service is`

const call = `Usage: chartroom call [my.wav] [options]

Lets a recorded caller talk to the agent, and writes a folder with what was heard: caller.wav, agent.wav,
call.vtt (both speakers, word by word), events.jsonl and timeline.svg (the call as a picture).

  my.wav                  the caller: any WAV of 16-bit or float samples. If there is a my.vtt beside it,
                          its words are what docent and parrot hear. Without it, a bundled caller speaks

Options:
      --realtime          take as long as the call takes; without it a minute takes a few seconds
      --mind NAME         who answers: docent (talks about this project), parrot (says back what it heard),
                          openai (a realtime model; takes --realtime and OPENAI_API_KEY), or the path of an
                          ES module whose default export is a mind. Default: docent
      --out DIR           the folder to write. Default: calls/<time>
      --seed N            whole number that all ids are made from. Default: 1
      --min-speech-ms N   how long the caller must speak to interrupt the agent. Default: 200
  -q, --quiet             print nothing but the name of the folder
      --no-color          no colours, as with NO_COLOR set
  -h, --help              this text

${ofOpenAI}

On a terminal the words appear as they are heard; elsewhere each sentence is a line once it is over.
Two calls with the same caller, seed and options give the same files, byte for byte.
Ctrl-C stops the call and writes nothing.`

const join = `Usage: chartroom join --url ws://HOST:PORT --room NAME [options]

Puts the agent into a room of a LiveKit server, until the caller leaves, the room ends, or Ctrl-C.

Options:
      --url URL           the server, ws:// or wss://. Default: LIVEKIT_URL; with --dev ws://localhost:7880
      --room NAME         the room. With --token the token names it
      --token T           a token made elsewhere. Without it one is made from the keys in
                          LIVEKIT_API_KEY and LIVEKIT_API_SECRET
      --dev               the keys of a development server (livekit-server --dev)
      --identity NAME     who the agent is in the room. Default: chartroom-agent
      --mind NAME         who answers: docent, parrot, openai (a realtime model; takes OPENAI_API_KEY), or the
                          path of an ES module whose default export is a mind. Default: docent
      --min-speech-ms N   how long the caller must speak to interrupt the agent. Default: 200
  -q, --quiet             print nothing but errors
      --no-color          no colours, as with NO_COLOR set
  -h, --help              this text

${ofOpenAI}

Ctrl-C leaves the room in good order; a second one ends at once.`

/** The help texts, by command; `general` for the program as a whole. */
export const help = { general, call, join }
