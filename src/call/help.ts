/** What `--help` says. */

const general = `chartroom: the layer between a LiveKit room and a voice agent's mind

Usage: chartroom <command> [options]

Commands:
  live              a page where you talk with the agent: no server, no key
  call [my.wav]     a call in a room inside this process: no server, no key
  join              the same agent in a room of a LiveKit server
  inspect [my.wav]  a call in this process, with its charts in the browser
  open DIR          a recording of a call, in the browser
  replay DIR…       the call again, with the machines of today: the same, or
                    what differs first
  draw [machine]    a state machine as a picture: ours, or one of your own
  trace DIR         a recording for Perfetto, or Chrome's chrome://tracing

Options:
  -h, --help        this text; "chartroom <command> --help" tells about one
      --version     the version

The transcript and what a command has to say go to standard output, errors and
warnings to standard error.
Exit codes: 0 done, 1 could not be done, 2 wrong usage, 130 stopped with Ctrl-C.`

/** What either command may be told of a model of OpenAI's. */
const ofOpenAI = `With --mind openai:
      --model NAME        the model. Default: gpt-realtime-1.5
      --voice NAME        its voice. Default: alloy
      --instructions TEXT what it is to do, and how
      --config FILE       agent.json or agent.mjs (its default export) with
                          these and more: turnDetection, azure, reconnect …
                          and tools, a list of functions or the path of a
                          module that has one. What is given above goes before
                          it. OPENAI_BASE_URL is where the service is`

/** Who may answer. */
const minds = `                          docent (talks about this project),
                          parrot (says back what it heard),
                          openai (a realtime model; takes OPENAI_API_KEY), or
                          the path of an ES module whose default export is a
                          mind. Default: docent`

const call = `Usage: chartroom call [my.wav] [options]

Lets a recorded caller talk to the agent, and writes a folder with what was
heard: caller.wav, agent.wav, call.vtt (both speakers, word by word),
events.jsonl and timeline.svg (the call as a picture).

  my.wav                  the caller: any WAV of 16-bit or float samples. If
                          there is a my.vtt beside it, its words are what docent
                          and parrot hear. Without it, a bundled caller speaks

Options:
      --realtime          take as long as the call takes, as --mind openai must;
                          without it a minute takes a few seconds
      --mind NAME         who answers:
${minds}
      --out DIR           the folder to write. Default: calls/<time>
      --record[=DIR]      record the call, to be opened and replayed: in its
                          folder, or in DIR
      --seed N            whole number that all ids are made from. Default: 1
      --min-speech-ms N   how long the caller must speak to interrupt the agent.
                          Default: 200
  -q, --quiet             print nothing but the name of the folder
      --no-color          no colours, as with NO_COLOR set
  -h, --help              this text

${ofOpenAI}

On a terminal the words appear as they are heard; elsewhere each sentence is a
line once it is over. Two calls with the same caller, seed and options give the
same files, byte for byte. Ctrl-C stops the call and writes nothing; but for a
recording, which is there from the first moment on.`

/** What every command may be told that opens a page. */
const ofPages = (port = 'one that is free') => `      --port N            where the page is served. Default: ${port}
      --host ADDRESS      the address to listen on. Default: 127.0.0.1, so that
                          only this machine can look
      --allow-remote      let other machines look too, where --host says so;
                          whoever has the address can listen in
      --no-open           do not open the browser`

const inspect = `Usage: chartroom inspect [my.wav] [options]

Lets a recorded caller talk to the agent in real time, and shows it in the
browser: every actor, its chart and its events, words and sound as they come.
The call begins when a page looks. Afterwards the page still shows it.

  my.wav                  the caller, as for chartroom call. Without it, a
                          bundled caller speaks

Options:
      --send              let the page send events to the actors
      --mind NAME         who answers:
${minds}
      --record[=DIR]      record the call, to be opened and replayed.
                          Default of DIR: calls/<time>
      --seed N            whole number that all ids are made from. Default: 1
      --min-speech-ms N   how long the caller must speak to interrupt the agent.
                          Default: 200
${ofPages()}
  -q, --quiet             print nothing but the address
      --no-color          no colours, as with NO_COLOR set
  -h, --help              this text

${ofOpenAI}

The address that is printed has a token in it: without it nobody can look.
Ctrl-C ends.`

const join = `Usage: chartroom join --url ws://HOST:PORT --room NAME [options]

Puts the agent into a room of a LiveKit server, until the caller leaves, the
room ends, or Ctrl-C.

Options:
      --url URL           the server, ws:// or wss://. Default: LIVEKIT_URL;
                          with --dev ws://localhost:7880
      --room NAME         the room. With --token the token names it
      --token T           a token made elsewhere. Without it one is made from
                          the keys in LIVEKIT_API_KEY and LIVEKIT_API_SECRET
      --dev               the keys of a development server: livekit-server --dev
      --identity NAME     who the agent is in the room. Default: chartroom-agent
      --mind NAME         who answers:
${minds}
      --record[=DIR]      record what happens, to be opened and replayed.
                          Default of DIR: calls/<time>
      --min-speech-ms N   how long the caller must speak to interrupt the agent.
                          Default: 200
      --inspect           show the room in the browser as well; with it --send
                          lets the page send events, and --port, --host,
                          --allow-remote and --no-open are as for chartroom open
  -q, --quiet             print nothing but errors and the address
      --no-color          no colours, as with NO_COLOR set
  -h, --help              this text

${ofOpenAI}

Ctrl-C leaves the room in good order; a second one ends at once.`

const open = `Usage: chartroom open DIR [options]

Opens a recording of a call in the browser: its charts, words and sound at any
moment. DIR is the folder that --record or record(room) wrote; a tape.jsonl
alone opens too, without sound. Nothing in it is changed.

Options:
${ofPages()}
  -h, --help              this text

The address that is printed has a token in it: without it nobody can look.
Ctrl-C ends.`

const replay = `Usage: chartroom replay DIR [DIR…] [options]

Gives the inputs of recorded calls to a fresh room, in virtual time, and
compares all that its machines do with what they did: the same, or the first
difference in words. DIR is the folder that --record wrote, or a room that was
opened with { recorder: recorderIn(DIR) }. Nothing in it is changed.

Options:
      --json              one JSON object a recording, on a line
  -h, --help              this text

Exit code 1 if a recording came out different, or cannot be replayed.`

const draw = `Usage: chartroom draw [MACHINE | FILE [NAME]] [options]

Draws a state machine: as SVG (light and dark, whichever the viewer wants) to
standard output. Without a machine it lists those of this package.

  MACHINE                 one of these, such as playout
  FILE                    an ES module of yours that exports machines of XState
                          5; NAME is one of its exports

Options:
      --mermaid           a state diagram for Markdown, instead of SVG
      --out FILE          write it there
      --all DIR           draw every machine, of the package or of FILE, into
                          that folder
  -h, --help              this text`

const trace = `Usage: chartroom trace DIR [options]

Writes a recording of a call as a trace that https://ui.perfetto.dev and
chrome://tracing open: the caller, the agent's utterances and words, the states
of every actor, the events between them, and where the process stood still.

Options:
      --out FILE          write it there. Default: standard output
  -h, --help              this text`

const live = `Usage: chartroom live [options]

Opens a page where you talk with the agent: by microphone, in writing, or by
listening to a sample call. All of it runs in this process; the page shows what
was said, and the charts at work.

Options:
      --mind NAME         who answers first; the page lets you choose another:
${minds}
      --record[=DIR]      record each call, to be opened and replayed: in a
                          folder of its own in DIR. Default of DIR: calls
      --send              let the page send events to the actors of a call
      --min-speech-ms N   how long you must speak to interrupt the agent.
                          Default: 200
${ofPages('8484, if free')}
  -q, --quiet             print nothing but the address
      --no-color          no colours, as with NO_COLOR set
  -h, --help              this text

${ofOpenAI}

The address that is printed has a token in it: without it nobody can look.
Ctrl-C ends.`

/** The help texts, by command; `general` for the program as a whole. */
export const help = { general, live, call, join, inspect, open, replay, draw, trace }
