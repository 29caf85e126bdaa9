// deadline: 300 s
/** The port contracts on a real LiveKit server, in real time. */
import { startServer } from '../../scripts/livekit.mjs'
import { shutdown } from '../../src/livekit/index.ts'
import { livekitRig } from './livekit.rig.ts'
import { packetsContract } from './packets.contract.ts'
import { roomContract } from './room.contract.ts'
import { sinkContract } from './sink.contract.ts'
import { streamsContract } from './streams.contract.ts'
import { tracksContract } from './tracks.contract.ts'
import { videosContract } from './videos.contract.ts'

const server = await startServer()
if (server) {
  const open = livekitRig(server)
  const suites = [roomContract, tracksContract, videosContract, sinkContract, packetsContract, streamsContract].map(contract =>
    contract('livekit', open),
  )
  suites.at(-1)?.after(async () => {
    await shutdown()
    await server.stop()
  })
  for (const it of suites) it.run()
} else console.log('SKIPPED 5: there is no livekit-server, and no Go to build one')
