import { type FSWatcher, readdirSync, watch } from 'node:fs';
import { join, posix } from 'node:path';

/** An editor saves a file in several steps, and git changes many files at once. */
const SETTLE_MS = 100;

const WATCHED = /^(handlers|lib)\/.*\.(ts|cjs|json)$|^(serverless\.yml|\.env(\.\w+)?)$/;

/**
 * Watches the files that the stack is made of. Each folder is watched by itself: on Linux, recursive watching loses
 * files that an editor replaces.
 * @param root the project's folder
 * @param onChange gets the paths that have changed, relative to the folder
 */
export function watchProject(root: string, onChange: (paths: string[]) => void): { close: () => void } {
  const watchers = new Map<string, FSWatcher>();
  const changed = new Set<string>();
  let timer: NodeJS.Timeout | undefined;

  function watchFolders(): void {
    const folders = foldersOf(root);
    for (const folder of watchers.keys()) if (!folders.includes(folder)) forget(folder);
    for (const folder of folders) if (!watchers.has(folder)) watchFolder(folder);
  }

  function forget(folder: string): void {
    watchers.get(folder)?.close();
    watchers.delete(folder);
  }

  function watchFolder(folder: string): void {
    const watcher = watch(join(root, folder), (_, name) => {
      const path = posix.join(folder, name ?? '');
      if (WATCHED.test(path)) changed.add(path);
      clearTimeout(timer);
      timer = setTimeout(settle, SETTLE_MS);
    });
    watchers.set(folder, watcher);
    watcher.on('error', () => forget(folder));
  }

  function settle(): void {
    // There may be a new folder.
    watchFolders();
    const paths = [...changed].sort();
    changed.clear();
    if (paths.length > 0) onChange(paths);
  }

  watchFolders();
  return {
    close: () => {
      clearTimeout(timer);
      for (const watcher of watchers.values()) watcher.close();
    },
  };
}

/** The project's folder and every folder that holds code, with slashes. */
function foldersOf(root: string): string[] {
  const below = (folder: string): string[] =>
    readdirSync(join(root, folder), { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .flatMap(({ name }) => [posix.join(folder, name), ...below(posix.join(folder, name))]);
  return ['.', 'handlers', 'lib', ...below('handlers'), ...below('lib')];
}
