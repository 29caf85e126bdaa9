/** The folder of a call: there as a whole, or not at all. */
import { access, constants, mkdir, readdir, rename, rm, rmdir, writeFile } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import { coded, codeOf, lineOf } from '../errors.ts'

export type Files = Record<string, string | Uint8Array>

const two = (value: number) => String(value).padStart(2, '0')
/** Local time as a folder is called: `2026-11-21T08-15-30`. */
export const stampOf = (date: Date): string =>
  `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}` +
  `T${two(date.getHours())}-${two(date.getMinutes())}-${two(date.getSeconds())}`

const reasons: Record<string, string> = {
  EACCES: 'it may not be written there:',
  EROFS: 'nothing may be written there:',
  ENOSPC: 'there is no room left: make some, or',
  ENOTDIR: 'a file is in the way:',
}
const unwritable = (folder: string, error: unknown, option = '--out'): Error => {
  const reason = reasons[codeOf(error) ?? '']
  const why = reason ? `${reason} name another place with ${option}` : lineOf(error)
  return coded('ERR_OUT', `cannot write the folder ${folder}: ${why}`, error)
}

/** What is in a folder; undefined if there is none. */
const contents = async (folder: string): Promise<string[] | undefined> => {
  try {
    return await readdir(folder)
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined
    if (codeOf(error) === 'ENOTDIR') throw coded('ERR_OUT', `${folder} is in the way: it is a file, not a folder`)
    throw coded('ERR_OUT', `cannot use the folder ${folder}: ${lineOf(error)}`, error)
  }
}

/** Throws one clear line (code ERR_OUT) unless `folder` is empty or not there yet: to be asked before the call, not after it. */
export const checkFree = async (folder: string): Promise<void> => {
  const names = await contents(folder)
  if (names && names.length > 0) throw coded('ERR_OUT', `the folder ${folder} is not empty: name another with --out`)
}
/**
 * Throws one clear line (code ERR_OUT) if `folder` could not be made: its parent, or the nearest one there is, must let us write. `option`:
 * where another can be named.
 */
export const checkWritable = async (folder: string, option?: string): Promise<void> => {
  for (let parent = dirname(resolve(folder)); ; parent = dirname(parent)) {
    try {
      return await access(`${parent}/.`, constants.W_OK | constants.X_OK) // with the dot a file is refused as what it is
    } catch (error) {
      if (codeOf(error) !== 'ENOENT' || parent === dirname(parent)) throw unwritable(folder, error, option)
    }
  }
}

/** The first of `folder`, `folder-2`, `folder-3` … that is empty or not there yet. */
export const freeName = async (folder: string): Promise<string> => {
  for (let number = 1; ; number++) {
    const place = number === 1 ? folder : `${folder}-${number}`
    if (!(await contents(place))?.length) return place
  }
}
/** Writes the files into a folder that is there, beside what is in it: all, or none. Rejects with code ERR_OUT. */
export const addFiles = async (folder: string, files: Files): Promise<void> => {
  try {
    for (const [name, content] of Object.entries(files)) await writeFile(join(folder, name), content)
  } catch (error) {
    await Promise.allSettled(Object.keys(files).map(name => rm(join(folder, name), { force: true }))) // the error before is told
    throw unwritable(folder, error)
  }
}

/** Takes away the folders from `folder` up to `top`, as far as they are empty. */
const prune = async (folder: string, top: string): Promise<void> => {
  try {
    for (let empty = folder; empty.startsWith(top); empty = dirname(empty)) await rmdir(empty)
  } catch {} // somebody else has put something into it
}

/** Puts the finished folder in its place; false if another one was put there in the meantime. */
const placed = async (partial: string, folder: string): Promise<boolean> => {
  if (await contents(folder)) await rmdir(folder).catch(() => undefined) // not empty after all: the rename says so
  try {
    await rename(partial, folder)
    return true
  } catch (error) {
    if (['ENOTEMPTY', 'EEXIST', 'EPERM'].includes(codeOf(error) ?? '') && (await contents(folder))) return false
    throw error
  }
}

/**
 * Writes the files into a new folder and gives back its path: `folder`, or `folder-2`, `folder-3` … if `others` may be taken and it
 * is there already. Everything is written beside it first and then renamed, so that nobody ever sees a part. Rejects with code ERR_OUT.
 */
export const writeFolder = async (
  folder: string,
  files: Files,
  { others = false, signal }: { others?: boolean; signal?: AbortSignal } = {},
): Promise<string> => {
  let top: string | undefined
  const partial = join(dirname(resolve(folder)), `.${basename(folder)}.part-${process.pid}`)
  try {
    top = await mkdir(partial, { recursive: true })
    for (const [name, content] of Object.entries(files)) await writeFile(join(partial, name), content, signal ? { signal } : {})
    signal?.throwIfAborted()
    for (let number = 1; number === 1 || others; number++) {
      const place = number === 1 ? folder : `${folder}-${number}`
      if ((!others || !(await contents(place))) && (await placed(partial, place))) return place
    }
    throw coded('ERR_OUT', `the folder ${folder} is not empty: name another with --out`)
  } catch (error) {
    await rm(partial, { recursive: true, force: true }).catch(() => undefined) // the error before is the one to tell
    if (top !== undefined) await prune(dirname(partial), top)
    if (signal?.aborted || codeOf(error) === 'ERR_OUT') throw error
    throw unwritable(folder, error)
  }
}
