/** The page as a user gets it: the command built from the sources as they are, started, and the address that it prints. */
import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { type Run, root, started } from '../call/program.ts'
import { within } from '../e2e/watch.ts'
import { PATIENCE } from './chromium.ts'

const program = join(root, 'dist/cli.js')
/** Its token is the path. */
const address = /http:\/\/127\.0\.0\.1:\d+\/[\w-]{16,}\//
let building: Promise<unknown> | undefined
/** Builds the command and its page, once in a process. */
export const built = async (): Promise<string> => {
  building ??= promisify(execFile)(process.execPath, ['scripts/build.mjs', '--quiet'], { cwd: root })
  await building
  return program
}

/** A command that serves pages, in a folder of its own. */
export class Served {
  /** With its token. */
  readonly url: string
  readonly folder: string
  readonly run: Run

  /** `prepare` puts into the folder what is to be there. */
  static async start(
    args: string[],
    env: Record<string, string> = {},
    prepare: (folder: string) => void = () => {},
  ): Promise<Served> {
    const folder = mkdtempSync(join(tmpdir(), 'chartroom-served-'))
    prepare(folder)
    const run = started(await built(), folder, args, env)
    await within('the command prints its address', run.shows(address), PATIENCE)
    const [url = ''] = address.exec(run.so.stdout + run.so.stderr) ?? []
    return new Served(url, folder, run)
  }
  private constructor(url: string, folder: string, run: Run) {
    this.url = url
    this.folder = folder
    this.run = run
  }

  /** Ends it as Ctrl-C does; gives back its exit code. */
  async stop(signal: NodeJS.Signals = 'SIGINT'): Promise<number | null> {
    this.run.child.kill(signal)
    const { code } = await within('the command ends', this.run.ended, PATIENCE)
    rmSync(this.folder, { recursive: true, force: true })
    return code
  }
}
