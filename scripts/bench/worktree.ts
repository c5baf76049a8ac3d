import { spawnSync } from 'node:child_process'
import { mkdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { runChild } from './run-child.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))

/** Another commit beside the working tree, with its dependencies installed. */
export type Worktree = Readonly<{ path: string; commit: string; remove(): void }>

/**
 * Checks out a commit below `.stile`, on the same disk as the working tree. If that fails or is stopped, nothing is left of it.
 *
 * @throws {Error} if there is no such commit, or if it cannot be checked out or installed; the reason of `signal` if it aborts
 */
export async function addWorktree(ref: string, signal: AbortSignal): Promise<Worktree> {
  const { status, stdout } = git('rev-parse', '--verify', '--quiet', `${ref}^{commit}`)
  if (status !== 0) throw new Error(`There is no commit "${ref}" in this repository. Name a branch, a tag or a hash.`)
  const commit = stdout.trim()
  const path = join(ROOT, '.stile', `against-${commit.slice(0, 12)}-${process.pid}`)
  mkdirSync(join(ROOT, '.stile'), { recursive: true })
  const remove = () => {
    git('worktree', 'remove', '--force', path)
    rmSync(path, { recursive: true, force: true })
    git('worktree', 'prune')
  }
  try {
    const added = await runChild({ file: 'git', args: ['worktree', 'add', '--detach', path, commit], cwd: ROOT, signal })
    if (added.code !== 0) throw new Error(`The commit could not be checked out: ${added.printed.trim()}`)
    await install(path, signal)
  } catch (error) {
    remove()
    throw error
  }
  return { path, commit, remove }
}

function git(...args: string[]) {
  return spawnSync('git', args, { cwd: ROOT, encoding: 'utf8' })
}

/** Installs what the commit's own lock file says, with the pnpm that runs this script, or else with the one that the commit names. */
async function install(path: string, signal: AbortSignal): Promise<void> {
  const { packageManager } = JSON.parse(readFileSync(join(path, 'package.json'), 'utf8')) as { packageManager: string }
  const running = process.env.npm_execpath
  const [file = '', ...args] = running?.includes('pnpm') ? [process.execPath, running] : ['npx', '-y', packageManager]
  const { code } = await runChild({
    file,
    args: [...args, 'install', '--frozen-lockfile', '--prefer-offline', '--reporter=silent'],
    cwd: path,
    signal,
    stdio: ['ignore', 'inherit', 'inherit'],
    // the environment of `pnpm run` would have it install here
    env: Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(npm_|pnpm_|INIT_CWD$)/i.test(name))),
  })
  if (code !== 0) throw new Error('The dependencies of the commit could not be installed. What is printed above says why.')
}
